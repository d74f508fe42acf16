import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import { checkRanges, clusterRanges, tellTightRoom, type RangesArgs } from "../../components/cluster-ranges";
import { CudoCluster } from "../../components/cudo/cluster";
import type { CudoClusterArgs } from "../../components/cudo/args";
import { checkCudoClusterArgs } from "../../components/cudo/validate";
import { Problems } from "../../components/errors";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { formatIpv4, overlap, parseCidr } from "../../sdk/ip-ranges";
import { deployed, inputs, minimal } from "./aws-scene";
import { mockProgram, settled } from "./mocks";

const own = { podCidr: "172.16.0.0/15", serviceCidr: "172.20.0.0/20" };

function refused(args: RangesArgs, network?: { path: string; cidr: string; fixed: boolean }): string[] {
  const problems = new Problems();
  checkRanges(args, network, problems);
  return problems.all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
}

describe("the ranges of pods and Services", () => {
  it("are compared with each other and with the machines', and the one that can be changed is to blame", () => {
    const network = { path: "network.cidr", cidr: "10.0.0.0/16", fixed: false };
    assert.deepEqual(refused({}, network), []);
    assert.deepEqual(refused({}, { ...network, cidr: "10.100.0.0/16" }), [
      'network.cidr: "10.100.0.0/16" overlaps serviceCidr, 10.96.0.0/12',
    ]);
    assert.deepEqual(refused({ podCidr: "10.0.0.0/12" }, { ...network, fixed: true }), [
      'podCidr: "10.0.0.0/12" overlaps network.cidr, 10.0.0.0/16',
    ]);
    assert.deepEqual(refused({ serviceCidr: "10.244.128.0/20" }), [
      'serviceCidr: "10.244.128.0/20" overlaps podCidr, 10.244.0.0/16',
    ]);
  });

  it("are what kubeadm and the API server take", () => {
    assert.deepEqual(refused({ podCidr: "172.16.0.0/24", serviceCidr: "172.20.0.0/28" }), []);
    assert.match(refused({ podCidr: "172.16.0.0/25" }).join(), /^podCidr: .* from \/8 to \/24/);
    assert.match(refused({ serviceCidr: "172.16.0.0/11" }).join(), /bits beyond its prefix.*172\.0\.0\.0\/11/);
    assert.match(refused({ serviceCidr: "172.0.0.0/11" }).join(), /^serviceCidr: .* from \/12 to \/28/);
    assert.match(refused({ serviceCidr: "172.20.0.0/29" }).join(), /^serviceCidr: .* from \/12 to \/28/);
    assert.match(refused({ podCidr: "pods" }).join(), /^podCidr: "pods" must be an IPv4 range/);
    for (const podCidr of ["127.0.0.0/16", "169.254.0.0/16", "240.0.0.0/8", "0.0.0.0/8"])
      assert.match(refused({ podCidr }).join(), /^podCidr: .* keep for themselves/, podCidr);
  });

  it("are none of those that networks keep for themselves, and neither is a VPC's", () => {
    for (const cidr of ["127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "0.0.0.0/16"]) {
      const { all } = checkAwsClusterArgs("train", { ...minimal, network: { cidr } });
      assert.match(
        all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`).join(),
        /^network\.cidr: .* keep for themselves/,
        cidr,
      );
    }
  });

  it("have room for the nodes that a cluster begins with", () => {
    const nodeGroups = [{ minSize: 100 }, { minSize: 100 }, { minSize: 56 }];
    assert.match(refused({ nodeGroups }).join(), /^podCidr: .* room for 256 nodes, a \/24 for each, and .* has 257$/);
    assert.deepEqual(refused({ nodeGroups, podCidr: "172.16.0.0/15" }), []);
  });

  it("have room for all nodes that one group may have; of all groups together it is told", () => {
    const group = (name: string, maxSize: number) => ({ name, minSize: 0, maxSize });
    const podCidr = "172.16.0.0/24";
    assert.match(
      refused({ podCidr, nodeGroups: [group("a", 1)] }).join(),
      /^podCidr: .* room for 1 node, a \/24 for each, and the group "a" alone may have 1, besides 1 of the control plane$/,
    );
    const several = { podCidr: "172.16.0.0/21", nodeGroups: [group("a", 7), group("b", 7)] };
    assert.deepEqual(refused(several), []);
    assert.match(refused({ ...several, controlPlane: { count: 3 } }).join(), /"a" alone may have 7, besides 3/);
    const told: string[] = [];
    const { warn } = pulumi.log;
    Object.assign(pulumi.log, { warn: (text: string) => void told.push(text) });
    try {
      for (const args of [several, { nodeGroups: [group("a", 100), group("b", 100)] }, {}])
        tellTightRoom(args, undefined as never);
    } finally {
      Object.assign(pulumi.log, { warn });
    }
    assert.deepEqual(told, [
      'podCidr: "172.16.0.0/21" has room for 8 nodes, a /24 for each, and by maxSize the cluster may have 15: those beyond would never be ready. It stays as it is for the cluster\'s life',
    ]);
  });

  it("pass exactly when they are apart", () => {
    const range = (prefixes: { min: number; max: number }) =>
      fc.tuple(fc.integer({ min: 2 ** 24, max: 2 ** 26 }), fc.integer(prefixes)).map(([address, prefix]) => {
        const size = 2 ** (32 - prefix);
        return `${formatIpv4(Math.floor(address / size) * size)}/${prefix}`;
      });
    fc.assert(
      fc.property(range({ min: 8, max: 24 }), range({ min: 12, max: 28 }), (podCidr, serviceCidr) => {
        const apart = !overlap(parseCidr(podCidr)!, parseCidr(serviceCidr)!);
        assert.equal(refused({ podCidr, serviceCidr }).length === 0, apart);
      }),
    );
  });

  it("reach the control plane and the network between pods on AWS", async () => {
    const { registered } = await deployed({ ...own, cni: "flannel" });
    const data = inputs(registered, "train-control-plane")["userDataBase64"];
    const { controlPlane } = nodeDocumentFromScript(String(data))!;
    assert.deepEqual([controlPlane!.podSubnet, controlPlane!.serviceSubnet], [own.podCidr, own.serviceCidr]);
    const config = inputs(registered, "train-flannel-config") as { data: Record<string, string> };
    assert.equal((JSON.parse(config.data["net-conf.json"]!) as { Network: string }).Network, own.podCidr);
    const problems = checkAwsClusterArgs("train", { ...minimal, podCidr: "10.0.128.0/20" }).all;
    assert.deepEqual(
      problems.map(({ propertyPath }) => propertyPath),
      ["network.cidr"],
    );
  });

  it("reach the control plane on Cudo, where they are apart from the machines' network", async () => {
    const args: CudoClusterArgs = {
      ...own,
      cni: "none",
      noVault: true,
      dataCenterId: "us-newyork-1",
      controlPlane: { machineType: "standard" },
    };
    const registered = await mockProgram({
      "gpu-clusters:kubernetes:ClusterCertificates": () => ({
        caCertificate: "CA",
        caPrivateKey: "KEY",
        frontProxyCaCertificate: "FRONT",
        frontProxyCaPrivateKey: "KEY",
        etcdCaCertificate: "ETCD",
        etcdCaPrivateKey: "KEY",
        serviceAccountPrivateKey: "KEY",
      }),
    });
    new CudoCluster("train", args);
    await settled();
    const { startScript } = registered.inputs("gpu-clusters:cudo:Vm") as { startScript: { value: string } };
    const { controlPlane } = nodeDocumentFromScript(startScript.value)!;
    assert.deepEqual([controlPlane!.podSubnet, controlPlane!.serviceSubnet], [own.podCidr, own.serviceCidr]);
    const problems = checkCudoClusterArgs("train", { ...args, serviceCidr: "10.0.0.0/16" }).all;
    assert.deepEqual(
      problems.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      [`serviceCidr: "10.0.0.0/16" overlaps the machines' network, 10.0.0.0/16`],
    );
    assert.deepEqual(clusterRanges({}), { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" });
  });
});
