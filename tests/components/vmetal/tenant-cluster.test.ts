import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesCluster } from "../../../components/cluster";
import { TenantCluster, type TenantClusterArgs } from "../../../components/vmetal";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { mockProgram, plain, settled, valueOf, visible, type Registered } from "../mocks";

const tenantKubeconfig = renderKubeconfig({
  clusterName: "search",
  endpoint: "https://192.0.2.7:443",
  certificateAuthority: "TENANT-CA",
  credentials: { token: "TENANT-TOKEN" },
});
const hostCluster = () =>
  ({
    clusterName: pulumi.output("host"),
    kubeconfig: pulumi.secret("HOST-KUBECONFIG"),
    status: pulumi.output("ready"),
  }) as KubernetesCluster;

const objects = {
  "gpu-clusters:kubernetes:KubeconfigSecret": () => ({
    clusterKubeconfig: tenantKubeconfig,
    endpoint: "https://192.0.2.7:443",
    certificateAuthority: "TENANT-CA",
  }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ version: "1.34.0" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
};
const releaseType = "kubernetes:helm.sh/v3:Release";

async function registered(
  args: Partial<TenantClusterArgs> = {},
  mocks: Parameters<typeof mockProgram>[0] = objects,
): Promise<{ made: TenantCluster; all: Registered }> {
  const all = await mockProgram(mocks);
  const made = new TenantCluster("search", {
    hostCluster: hostCluster(),
    platform: { host: "vcluster.example.com", accessKey: "ACCESS-KEY", project: "default" },
    autoNodes: [
      {
        provider: "metal3",
        static: [
          {
            name: "gpu",
            quantity: 2,
            nodeTypeSelector: [{ property: "vcluster.com/node-type", value: "h100" }],
            taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
            gpus: 8,
            gpuModel: "H100",
          },
        ],
        dynamic: [{ name: "burst", limits: { nodes: "4" }, nodeLabels: { tier: "burst" } }],
      },
    ],
    ...args,
  });
  await valueOf(made.status);
  await settled();
  return { made, all };
}

const valuesOf = (all: Registered) => plain(all.inputs(releaseType)["values"]) as Record<string, object>;
const marks = (group: string) => ({
  "gpu-clusters/cluster": "search",
  "gpu-clusters/node-group": group,
  "gpu-clusters/role": "worker",
});

describe("TenantCluster", () => {
  it("gives vCluster's chart private nodes, static and dynamic, and no more", async () => {
    const { all } = await registered();
    const release = all.inputs(releaseType);
    assert.deepEqual(
      [release["name"], release["namespace"], release["chart"], release["version"], release["skipAwait"]],
      ["search", "search", "vcluster", "0.36.1", true],
    );
    assert.deepEqual(valuesOf(all), {
      privateNodes: {
        enabled: true,
        autoNodes: [
          {
            provider: "metal3",
            static: [
              {
                name: "gpu",
                quantity: 2,
                nodeTypeSelector: [{ property: "vcluster.com/node-type", value: "h100" }],
                taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
                nodeLabels: {
                  ...marks("gpu"),
                  "nvidia.com/gpu.present": "true",
                  "skypilot.co/accelerator": "h100",
                },
              },
            ],
            dynamic: [{ name: "burst", limits: { nodes: "4" }, nodeLabels: { tier: "burst", ...marks("burst") } }],
          },
        ],
      },
      controlPlane: { service: { spec: { type: "LoadBalancer" } } },
      networking: { podCIDR: "10.244.0.0/16", serviceCIDR: "10.96.0.0/12" },
      exportKubeConfig: { serviceAccount: { name: "gpu-clusters-admin", clusterRole: "cluster-admin" } },
    });
  });

  it("has no pools where all machines are the user's own", async () => {
    const { all, made } = await registered({ autoNodes: [] });
    assert.deepEqual(valuesOf(all)["privateNodes"], { enabled: true });
    assert.deepEqual([await valueOf(made.nodeGroups), await valueOf(made.status)], [[], "ready"]);
  });

  it("has nodes come through the platform's VPN where they are told to, for its life", async () => {
    const { all } = await registered({ autoNodes: [], vpn: {} });
    const vpn = { enabled: true, nodeToNode: { enabled: false } };
    assert.deepEqual(valuesOf(all)["privateNodes"], { enabled: true, vpn });
    const between = (await registered({ autoNodes: [], vpn: { nodeToNode: true } })).all;
    assert.deepEqual(valuesOf(between)["privateNodes"], {
      enabled: true,
      vpn: { enabled: true, nodeToNode: { enabled: true } },
    });
    const choices = [all, between].map((each) => each.inputs("gpu-clusters:kubernetes:LastingChoices")["choices"]);
    assert.deepEqual(
      choices.map((given) => (given as { vpn: string }).vpn),
      ["to the API server", "between nodes, too"],
    );
    const ranges = { vpn: {}, podCidr: "100.64.0.0/16" };
    await assert.rejects(registered(ranges), /podCidr: "100\.64\.0\.0\/16" overlaps vpn, 100\.64\.0\.0\/10/);
  });

  it("says its endpoint everywhere: to nodes, in the certificate, in the kubeconfig", async () => {
    const { all } = await registered({
      endpoint: pulumi.output("tenant.example.com:8443"),
      extraSans: ["192.0.2.7", "tenant.example.com"],
      serviceType: "NodePort",
    });
    const { controlPlane, exportKubeConfig } = valuesOf(all);
    assert.deepEqual(controlPlane, {
      service: { spec: { type: "NodePort" } },
      endpoint: "tenant.example.com:8443",
      proxy: { extraSANs: ["tenant.example.com", "192.0.2.7"] },
    });
    assert.equal((exportKubeConfig as { server: string }).server, "https://tenant.example.com:8443");
    const secret = all.inputs("gpu-clusters:kubernetes:KubeconfigSecret");
    assert.deepEqual([secret["server"], secret["service"]], ["https://tenant.example.com:8443", undefined]);
  });

  it("writes the platform's Secret before the chart, and nobody may read it", async () => {
    const { all } = await registered();
    const { metadata, stringData } = plain(all.inputs("kubernetes:core/v1:Secret")) as Record<string, object>;
    assert.deepEqual(metadata, { name: "vcluster-platform-api-key", namespace: "search" });
    assert.deepEqual(stringData, {
      host: "vcluster.example.com",
      accessKey: "ACCESS-KEY",
      project: "default",
      insecure: "false",
    });
    const before = all.dependenciesOf("search-release");
    for (const name of ["search-platform", "search-namespace", "search-choices"])
      assert.ok(before.includes(name), name);
    for (const { inputs, name } of all.resources)
      assert.ok(!/ACCESS-KEY|HOST-KUBECONFIG|TENANT-TOKEN/.test(JSON.stringify(visible(inputs))), name);
  });

  it("gives vCluster the platform's own authority in PEM, in whichever form it comes, and nothing that stands beside it", async () => {
    const platform = { host: "vcluster.example.com", accessKey: "ACCESS-KEY", project: "default" };
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    const key = "-----BEGIN PRIVATE KEY-----\nKEY\n-----END PRIVATE KEY-----";
    for (const text of [`${pem}\n`, `${key}\n${pem}\n`, Buffer.from(pem).toString("base64")])
      for (const certificateAuthority of [text, pulumi.output(Promise.resolve(text))]) {
        const { all } = await registered({ platform: { ...platform, certificateAuthority } });
        const { stringData } = plain(all.inputs("kubernetes:core/v1:Secret")) as Record<string, object>;
        assert.deepEqual(stringData, { ...platform, insecure: "false", certificateAuthorityData: pem });
        const { hint } = all.inputs("gpu-clusters:kubernetes:KubeconfigSecret");
        assert.match(String(hint), /another authority than `platform\.certificateAuthority` signed for it/);
      }
  });

  it("reads the kubeconfig from the Secret of its name once the release is there, and waits for the static pools", async () => {
    const { made, all } = await registered();
    const secret = all.inputs("gpu-clusters:kubernetes:KubeconfigSecret");
    assert.deepEqual(
      [secret["namespace"], secret["name"], secret["service"], secret["timeoutSeconds"]],
      ["search", "vc-search", "search", 3600],
    );
    assert.match(
      String(secret["hint"]),
      /vcluster\.example\.com.*authority of your own signed for it: then give `platform\.certificateAuthority`.*LoadBalancer needs somebody/,
    );
    assert.ok(all.dependenciesOf("search-kubeconfig").includes("search-release"));
    const nodes = all.inputs("gpu-clusters:kubernetes:NodesReady");
    assert.deepEqual([nodes["nodeGroups"], nodes["controlPlaneNodes"]], [[{ name: "gpu", minSize: 2 }], 0]);
    assert.equal(await valueOf(made.kubeconfig), tenantKubeconfig);
    assert.equal(await valueOf(made.endpoint), "https://192.0.2.7:443");
    assert.deepEqual(await valueOf(made.nodeGroups), [
      {
        name: "gpu",
        role: "worker",
        minSize: 2,
        maxSize: 2,
        size: 2,
        problems: [],
        machineTypes: ["h100"],
        gpus: 8,
        gpuModel: "H100",
        gpuResources: { "nvidia.com/gpu": 8 },
        taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" }],
      },
    ]);
  });

  it("has its machines told, nodes given up for one in error, and servers awaited after the release, where it knows whose they are", async () => {
    const machine = {
      name: "search-gpu-0",
      phase: "Available",
      host: "gpu-01",
      hostState: "provisioned",
      problems: [],
    };
    const inventory = {
      cluster: { ...hostCluster(), kubeconfig: pulumi.secret("METAL-KUBECONFIG") },
      namespace: "metal3",
    };
    const told = { "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready", machines: [machine] }) };
    const { made, all } = await registered({ inventory, timeoutMinutes: 5 }, { ...objects, ...told });
    const place = {
      kubeconfig: "METAL-KUBECONFIG",
      clusterName: "search",
      project: "default",
      hostNamespace: "metal3",
    };
    const { hint, ...watched } = plain(all.inputs("gpu-clusters:kubernetes:MachinesReturned")) as { hint: string };
    assert.deepEqual(watched, { ...place, timeoutSeconds: 300 });
    assert.match(hint, /gone for good/);
    assert.ok(all.dependenciesOf("search-release").includes("search-machines"), "it goes after the release");
    assert.deepEqual(plain(all.inputs("gpu-clusters:kubernetes:NodesReady")["claims"]), place);
    for (const { inputs, name } of all.resources)
      assert.ok(!JSON.stringify(visible(inputs)).includes("METAL-KUBECONFIG"), name);
    assert.deepEqual(await valueOf(made.machines), [machine]);
    const metal3Cluster = { ...hostCluster(), kubeconfig: pulumi.secret("METAL3-KUBECONFIG") };
    const apart = await registered({ inventory: { ...inventory, metal3Cluster } }, { ...objects, ...told });
    const both = { ...place, hostKubeconfig: "METAL3-KUBECONFIG" };
    assert.deepEqual(plain(apart.all.inputs("gpu-clusters:kubernetes:NodesReady")["claims"]), both);
    const returned = plain(apart.all.inputs("gpu-clusters:kubernetes:MachinesReturned")) as Record<string, unknown>;
    assert.deepEqual({ ...both, ...returned }, returned);
    for (const { inputs, name } of apart.all.resources)
      assert.ok(!JSON.stringify(visible(inputs)).includes("METAL3-KUBECONFIG"), name);
    const without = await registered();
    assert.deepEqual(await valueOf(without.made.machines), []);
    assert.deepEqual(without.all.all("gpu-clusters:kubernetes:MachinesReturned"), []);
  });

  it("keeps for its life what the platform would silently leave as it was", async () => {
    const { all } = await registered();
    const { choices, onChange, parts, ...others } = all.inputs("gpu-clusters:kubernetes:LastingChoices");
    assert.deepEqual(plain(others), { clusterName: "search", managementKubeconfig: "HOST-KUBECONFIG" });
    assert.ok(all.dependenciesOf("search-namespace").includes("search-choices"), "before anything is made in another");
    const pools = ['autoNodes pool "burst"', 'autoNodes pool "gpu"'];
    assert.deepEqual(Object.keys(parts as object).sort(), pools, "warned of");
    assert.deepEqual(choices, {
      namespace: "search",
      podCidr: "10.244.0.0/16",
      serviceCidr: "10.96.0.0/12",
      vpn: "none",
      'the provider of pool "gpu"': "metal3",
      'the provider of pool "burst"': "metal3",
    });
    assert.equal(onChange, undefined, "another one is refused");
  });

  it("refuses wrong arguments before anything is made", async () => {
    const all = await mockProgram(objects);
    const platform = { host: "https://x", accessKey: "k", project: "p" };
    assert.throws(
      () => new TenantCluster("search", { hostCluster: hostCluster(), platform, autoNodes: [{ provider: "metal3" }] }),
      /TenantCluster: 2 invalid inputs\n {2}platform\.host: .*\n {2}autoNodes\[0\]: /,
    );
    await settled();
    assert.deepEqual(all.resources, []);
  });
});
