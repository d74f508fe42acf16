import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Ec2NodeDocument } from "../../bootstrap/ec2";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import type { AwsClusterArgs, AwsNodeGroupArgs } from "../../components/aws/args";
import { AwsCluster } from "../../components/aws/cluster";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { Problems } from "../../components/errors";
import { checkFabric } from "../../sdk/aws/type-checks";
import { machineImage } from "../../components/aws/images";
import { accountReadyHandler } from "../../provider/aws/handlers/account-ready";
import { nodesReady } from "../../provider/kubernetes/handlers/nodes-ready";
import { cloud, deployed, functions, group, inputs, minimal, typeFacts } from "./aws-scene";
import { mockProgram, promiseOf, valueOf, plain } from "./mocks";

describe("components/aws: inputs that other resources give", () => {
  it("makes the same of them as of values in hand", async () => {
    const values = {
      tags: { CostCenter: "12345" },
      apiServerAccessCidrs: ["203.0.113.0/24"],
      controlPlane: { instanceType: "m5.xlarge" },
    };
    const given = { ...group, capacity: { spot: { onDemandBase: 1 } }, diskSizeGib: 200, gpus: 4 };
    const { registered: plainly } = await deployed({ ...values, nodeGroups: [given] });
    const { registered: later, cluster } = await deployed({
      tags: pulumi.output(values.tags),
      apiServerAccessCidrs: [pulumi.output("203.0.113.0/24")],
      controlPlane: { instanceType: pulumi.output("m5.xlarge") },
      nodeGroups: [
        {
          ...given,
          instanceTypes: pulumi.output(["g5.12xlarge"]),
          capacity: { spot: { onDemandBase: pulumi.output(1) } },
          labels: pulumi.output({ tier: "gpu" }),
          taints: [{ key: pulumi.output("nvidia.com/gpu"), effect: "NoSchedule" }],
          gpus: pulumi.output(4),
        },
      ],
    });
    for (const name of ["train-gpu", "train-gpu-template", "train-network-vpc", "train-control-plane"])
      assert.deepEqual(inputs(later, name), inputs(plainly, name), name);
    // A range that is not known yet has no place in a resource's name.
    const { cidrIpv4 } = inputs(later, "train-api-from-0");
    assert.equal(cidrIpv4, "203.0.113.0/24");
    assert.deepEqual(
      (await valueOf(cluster.nodeGroups)).map(({ machineTypes, gpus, taints }) => [machineTypes, gpus, taints]),
      [[["g5.12xlarge"], 4, [{ key: "nvidia.com/gpu", effect: "NoSchedule" }]]],
    );
    const groups = [cluster.nodeSecurityGroupId, cluster.controlPlaneSecurityGroupId];
    assert.deepEqual(await Promise.all(groups.map((id) => valueOf(id))), ["train-nodes-id", "train-api-id"]);
  });
});

describe("components/aws: root disks", () => {
  it("gives them the speed that is asked for", async () => {
    const fast = { ...group, diskSizeGib: 200, diskIops: 8000, diskThroughput: 1000 };
    const { registered } = await deployed({ nodeGroups: [fast] });
    const [disk] = inputs(registered, "train-gpu-template")["blockDeviceMappings"] as {
      ebs: Record<string, unknown>;
    }[];
    assert.deepEqual([disk!.ebs["volumeSize"], disk!.ebs["iops"], disk!.ebs["throughput"]], [200, 8000, 1000]);
  });

  it("refuses what gp3 has not, by the size and by each other", () => {
    const refused = (disk: Partial<AwsNodeGroupArgs>) =>
      checkAwsClusterArgs("train", { ...minimal, nodeGroups: [{ ...group, ...disk }] }).all.map(
        ({ propertyPath, reason }) => `${propertyPath.replace("nodeGroups[0].", "")}: ${reason}`,
      );
    assert.deepEqual(refused({ diskSizeGib: 160, diskIops: 80_000, diskThroughput: 2000 }), []);
    assert.deepEqual(refused({ diskIops: 60_000 }), [
      "diskIops: must be from 3000 to 50000 with a disk of 100 GiB, is 60000",
    ]);
    assert.deepEqual(refused({ diskThroughput: 800 }), [
      "diskThroughput: must be from 125 to 750 with 3000 diskIops, is 800",
    ]);
    assert.deepEqual(refused({ diskSizeGib: pulumi.output(20), diskIops: 80_000 }), [], "AWS knows the size");
    assert.deepEqual(refused({ diskSizeGib: 65_536 }), []);
    assert.deepEqual(refused({ diskSizeGib: 65_537 }), [
      "diskSizeGib: must be a whole number from 10 to 65536, is 65537",
    ]);
    const large = { ...minimal, controlPlane: { diskSizeGib: 65_537 } };
    assert.deepEqual(
      checkAwsClusterArgs("train", large).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      ["controlPlane.diskSizeGib: must be a whole number from 20 to 65536, is 65537"],
    );
  });
});

describe("components/aws: three control planes", () => {
  it("makes three control planes over the zones behind a public and a private load balancer", async () => {
    const { registered, cluster } = await deployed({ controlPlane: { count: 3, instanceType: "m5.xlarge" } });
    const [publicHost, host] = ["api", "api-inner"].map((name) => `train-${name}.elb.us-west-2.amazonaws.com`);
    assert.equal(await valueOf(cluster.endpoint), `https://${publicHost}:6443`);
    const machines = [1, 2, 3].map((number) => inputs(registered, `train-control-plane-${number}`));
    assert.deepEqual(
      machines.map(({ subnetId }) => subnetId),
      [1, 2, 3].map((zone) => `train-network-private-${zone}-id`),
    );
    const documents = machines.map(
      ({ userDataBase64 }) => nodeDocumentFromScript(String(userDataBase64)) as unknown as Ec2NodeDocument,
    );
    assert.deepEqual(
      documents.map(({ member }) => member),
      ["first", "other", "other"],
    );
    for (const { endpoint, controlPlane } of documents) {
      assert.equal(endpoint, `https://${host}:6443`);
      assert.deepEqual(controlPlane?.certificateNames, ["kubernetes", publicHost, host]);
    }
    const worker = nodeDocumentFromScript(String(inputs(registered, "train-gpu-template")["userData"]));
    assert.equal(worker?.endpoint, `https://${host}:6443`);
    // Only the public balancer is open to the API's clients, and machines to both balancers only.
    const groupsOf = (name: string) => [
      inputs(registered, name)["securityGroups"],
      inputs(registered, name)["internal"],
    ];
    assert.deepEqual(groupsOf("train-control-plane-balancer"), [["train-nodes-id", "train-api-id"], false]);
    assert.deepEqual(groupsOf("train-control-plane-inner-balancer"), [["train-nodes-id"], true]);
    assert.deepEqual(machines[0]!["vpcSecurityGroupIds"], ["train-nodes-id"]);
    for (const targets of registered.all("aws:lb/targetGroup:TargetGroup")) {
      const { preserveClientIp, healthCheck } = plain(targets.inputs) as Record<
        string,
        { protocol: string; path: string }
      >;
      // Else an API server does not reach itself.
      assert.equal(preserveClientIp, "false");
      assert.deepEqual([healthCheck!.protocol, healthCheck!.path], ["HTTPS", "/readyz"]);
    }
    assert.equal(registered.all("aws:lb/targetGroupAttachment:TargetGroupAttachment").length, 6);
    assert.equal(registered.all("aws:ec2/eip:Eip").length, 1, "the NAT gateway's");
    assert.equal(registered.inputs("gpu-clusters:kubernetes:NodesReady")["controlPlaneNodes"], 3);
    // Where all are gone at once, nobody waits for a cluster that there is no more.
    const { machines: members } = inputs(registered, "train-etcd");
    assert.deepEqual(
      members,
      [1, 2, 3].map((number) => `train-control-plane-${number}-id`),
    );
    assert.ok(registered.dependenciesOf("train-api-server").includes("train-etcd"));
  });

  it("takes node groups in another order for no change of anything but its own arguments", async () => {
    const system = { ...group, name: "system", minSize: 2 };
    const inputsOf = async (...nodeGroups: AwsNodeGroupArgs[]) => {
      const { resources } = (await deployed({ nodeGroups })).registered;
      return new Map(resources.map(({ type, name, inputs }) => [`${type} ${name}`, plain(inputs)]));
    };
    const [before, after] = [await inputsOf(group, system), await inputsOf(system, group)];
    const waiting = "gpu-clusters:kubernetes:NodesReady train-nodes";
    const changed = [...before.keys()].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
    const account = "gpu-clusters:aws:AccountReady train-account";
    assert.deepEqual(changed, ["gpu-clusters:aws:AwsCluster train", account, waiting]);
    const looked = accountReadyHandler.plan!({ inputs: {}, outputs: { accountId: "" } }, {}, ["nodeGroups"]);
    assert.ok(looked.ignores!.includes("nodeGroups"));
    const state = { inputs: before.get(waiting) as never, outputs: { status: "ready" as const } };
    const { ignores } = nodesReady({}).plan!(state, after.get(waiting) as never, ["nodeGroups"]);
    assert.ok(ignores!.includes("nodeGroups"));
  });

  it("keeps load balancers' names within what AWS takes", async () => {
    const { registered } = await deployed({
      clusterName: "a-name-that-is-rather-long-for-them",
      controlPlane: { count: 3 },
    });
    const names = [
      ...registered.all("aws:lb/loadBalancer:LoadBalancer"),
      ...registered.all("aws:lb/targetGroup:TargetGroup"),
    ];
    for (const { inputs } of names) assert.match((inputs as { name: string }).name, /^[A-Za-z0-9-]{1,32}$/);
    assert.throws(
      () => new AwsCluster("train", { ...minimal, clusterName: "internal-x", controlPlane: { count: 3 } }),
      /internal-/,
    );
  });
});

describe("components/aws: what AWS is asked for", () => {
  it("keeps what AWS answered: no answer of later is part of a machine's place or template", async () => {
    const { registered } = await deployed();
    // Functions are asked at each preview; what resources were told is in the state.
    const whoAndWhere = ["getCallerIdentity:getCallerIdentity", "getRegion:getRegion"].map(
      (name) => `aws:index/${name}`,
    );
    assert.deepEqual([...registered.calls].sort(), whoAndWhere);
    const zones = ["1", "2", "3"].map((zone) => inputs(registered, `train-network-public-${zone}`)["availabilityZone"]);
    assert.deepEqual(zones, ["us-west-2a", "us-west-2b", "us-west-2c"]);
    assert.equal(inputs(registered, "train-gpu-template")["imageId"], "ami-x86_64-gpu");
    // The way out where an image is gone: a machine made anew takes another, and one that runs is never replaced by it.
    assert.deepEqual(registered.ignoredChangesOf("train-image-of-control-plane"), []);
    const { registered: later } = await deployed({ controlPlane: { image: "ami-another" } });
    assert.equal(inputs(later, "train-image-of-control-plane")["imageId"], "ami-another");
    assert.equal(inputs(later, "train-control-plane")["ami"], "ami-another");
    assert.ok(later.ignoredChangesOf("train-control-plane").includes("ami"));
  });

  it("sizes the root disk by the device that the image has, and refuses one that is smaller than the image", async () => {
    const { registered } = await deployed({ nodeGroups: [{ ...group, image: "ami-amazon-linux", diskSizeGib: 500 }] });
    const [mapping] = inputs(registered, "train-gpu-template")["blockDeviceMappings"] as [
      { deviceName: string; ebs: { volumeSize: number } },
    ];
    assert.deepEqual([mapping.deviceName, mapping.ebs.volumeSize], ["/dev/xvda", 500]);
    await mockProgram(cloud, false, functions);
    const wish = {
      path: "nodeGroups[0]",
      instanceType: "m5.large",
      gpu: false,
      given: undefined,
    };
    const { diskSizeGib } = machineImage("small", { ...wish, diskSizeGib: 10 }, {});
    await assert.rejects(promiseOf(diskSizeGib), /nodeGroups\[0\].diskSizeGib: 10 is less than the 15 GiB/);
  });
});

describe("components/aws: cloud controller manager", () => {
  it("runs AWS's cloud controller manager, and lets it find what is the cluster's", async () => {
    const { registered } = await deployed({ gpu: false, blockStorage: false });
    const daemons = plain(registered.inputs("kubernetes:apps/v1:DaemonSet")) as {
      spec: { template: { spec: { containers: { image: string; env: { name: string }[] }[]; hostNetwork: boolean } } };
    };
    const { containers, hostNetwork } = daemons.spec.template.spec;
    assert.equal(containers[0]!.image, "registry.k8s.io/provider-aws/cloud-controller-manager:v1.36.1");
    assert.equal(hostNetwork, true);
    // Its own machine's API server, by the one name that is known before it runs.
    assert.deepEqual(containers[0]!.env, [
      { name: "KUBERNETES_SERVICE_HOST", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
      { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
    ]);
    const owned = registered.resources.flatMap(({ type, name, inputs: given }) => {
      const { tags } = plain(given) as { tags?: Record<string, string> };
      return tags?.["kubernetes.io/cluster/train"] === "owned" && !type.endsWith(":Subnet") ? [name] : [];
    });
    // Of each machine's security groups one: it refuses machines with two.
    assert.deepEqual(owned.sort(), ["train-control-plane", "train-control-plane-address", "train-nodes"]);
    const roles = ["private-1", "public-1"].map((name) => {
      const { tags } = inputs(registered, `train-network-${name}`) as { tags: Record<string, string> };
      return Object.keys(tags).filter((key) => key.startsWith("kubernetes.io/role/"));
    });
    assert.deepEqual(roles, [["kubernetes.io/role/internal-elb"], ["kubernetes.io/role/elb"]]);
    for (const userData of [
      inputs(registered, "train-control-plane")["userDataBase64"],
      inputs(registered, "train-gpu-template")["userData"],
    ]) {
      assert.equal(nodeDocumentFromScript(String(userData))?.cloudProvider, "external");
    }
  });

  it("has nodes speak for themselves where there is no cloud controller manager", async () => {
    const { registered } = await deployed({ cloudControllerManager: false, gpu: false, blockStorage: false });
    assert.deepEqual(registered.all("kubernetes:apps/v1:DaemonSet"), []);
    assert.ok(
      !JSON.stringify(registered.resources.map(({ inputs }) => inputs as unknown)).includes("kubernetes.io/cluster/"),
    );
    const worker = nodeDocumentFromScript(String(inputs(registered, "train-gpu-template")["userData"]));
    assert.equal(worker?.cloudProvider, undefined);
  });
});

describe("components/aws: fast networks", () => {
  it("puts machines with adapters close together, in a zone that has them", async () => {
    const fast: AwsNodeGroupArgs = { ...group, instanceTypes: ["p5.48xlarge"], efa: true, placementGroup: "cluster" };
    const { registered } = await deployed({ nodeGroups: [fast, { ...group, name: "plain" }] });
    const template = inputs(registered, "train-gpu-template") as {
      vpcSecurityGroupIds?: string[];
      placement: { groupName: string };
      networkInterfaces: {
        deviceIndex: number;
        networkCardIndex: number;
        interfaceType: string;
        securityGroups: string[];
      }[];
    };
    const { networkInterfaces } = template;
    assert.equal(networkInterfaces.length, 32);
    assert.deepEqual(
      [0, 1, 31].map((index) => {
        const { deviceIndex, networkCardIndex, interfaceType } = networkInterfaces[index]!;
        return [deviceIndex, networkCardIndex, interfaceType];
      }),
      [
        [0, 0, "efa"],
        [1, 1, "efa-only"],
        [1, 31, "efa-only"],
      ],
    );
    assert.ok(networkInterfaces.every(({ securityGroups }) => securityGroups[0] === "train-nodes-id"));
    assert.equal(template.vpcSecurityGroupIds, undefined);
    const placement = registered.inputs("aws:ec2/placementGroup:PlacementGroup");
    assert.deepEqual([placement["strategy"], placement["name"]], ["cluster", template.placement.groupName]);
    assert.deepEqual(inputs(registered, "train-gpu")["subnetIds"], ["train-network-private-2-id"]);
    assert.equal((inputs(registered, "train-plain")["subnetIds"] as string[]).length, 3);
    const out = registered
      .all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .map(({ inputs }) => inputs as object);
    assert.ok(
      out.some((rule) => "referencedSecurityGroupId" in rule),
      "fabric traffic leaves for the group itself",
    );
  });

  it("refuses adapters and placement groups where the types have none, by the user's own path", () => {
    const wrong: [Partial<AwsNodeGroupArgs>, RegExp, AwsClusterArgs["network"]?][] = [
      [{ instanceTypes: ["m5.large"], efa: true }, /nodeGroups\[0\].efa: m5.large has no Elastic Fabric Adapter/],
      [
        { instanceTypes: ["t3.large"], placementGroup: "cluster" },
        /nodeGroups\[0\].placementGroup: t3.large cannot .* but in: partition or spread/,
      ],
      [{ instanceTypes: ["p5.48xlarge"], efa: true }, /nodeGroups\[0\].efa: .* no public address/, { nat: "none" }],
    ];
    for (const [form, message, network] of wrong) {
      const problems = new Problems();
      const publicSubnets = network?.nat === "none";
      checkFabric("nodeGroups[0]", form, typeFacts(form.instanceTypes as string[]), { publicSubnets }, problems);
      assert.throws(() => problems.raise("AwsCluster"), message);
    }
    assert.throws(
      () => new AwsCluster("train", { ...minimal, nodeGroups: [{ ...group, maxSize: 22, placementGroup: "spread" }] }),
      /nodeGroups\[0\].maxSize: 22 is more than 21/,
    );
  });
});
