import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { parseConfig } from "../../autoscaler/config";
import { goByProxies } from "../../autoscaler/proxies";
import { groupNames, mayMakeSecrets, registerAutoscaler, secretKey } from "./autoscaler-scene";
import { plain, type Registered } from "./mocks";

const types = {
  deployment: "kubernetes:apps/v1:Deployment",
  configMap: "kubernetes:core/v1:ConfigMap",
  secret: "kubernetes:core/v1:Secret",
};

interface Pod {
  metadata: { annotations: Record<string, string> };
  spec: {
    containers: { name: string; image: string; command?: string[]; env?: { name: string; value: string }[] }[];
    hostNetwork?: boolean;
    volumes: object[];
  } & Record<string, unknown>;
}

describe("the autoscaler's add-on", () => {
  const pod = (registered: Registered) => (registered.inputs(types.deployment)["spec"] as { template: Pod }).template;
  const container = (registered: Registered, name: string) =>
    pod(registered).spec.containers.find((each) => each.name === name)!;
  const config = (registered: Registered) => {
    const { stringData } = plain(registered.inputs(types.secret)) as { stringData: Record<string, string> };
    return stringData["config.json"]!;
  };

  const parsedConfig = (registered: Registered) => parseConfig(config(registered));

  it("configures the server with what it reads, and keeps the administrator out of it", async () => {
    const registered = await registerAutoscaler();
    const parsed = parsedConfig(registered);
    assert.deepEqual(
      parsed.groups.map(({ name, cloud, maxSize }) => [name, cloud, maxSize]),
      [
        ["cheap", "cudo", 5],
        ["sure", "cudo", 5],
        ["also-sure", "cudo", 5],
      ],
    );
    assert.equal(parsed.groups[0]!.owner, "urn:cheap");
    assert.equal(parsed.groups[0]!.spec["kubeconfig"], "");
    assert.ok(!config(registered).includes("administrator"));
  });

  it("reaches its cloud by the proxies that the stack's config names, and by no others", async () => {
    const configured = (proxies: object) => {
      pulumi.runtime.setConfig("gpu-clusters:autoscalerProxies", JSON.stringify(proxies));
      return registerAutoscaler();
    };
    process.env["HTTPS_PROXY"] = "http://of-this-computer:3128";
    try {
      assert.equal(parsedConfig(await registerAutoscaler()).proxies, undefined);
      const proxies = { HTTPS_PROXY: "http://user:password-of-the-proxy@proxy:3128", NO_PROXY: "internal.example" };
      const registered = await configured(proxies);
      assert.deepEqual(parsedConfig(registered).proxies, proxies);
      const others = registered.resources.filter(({ type }) => type !== types.secret);
      assert.ok(!JSON.stringify(others.map(({ inputs }) => inputs)).includes("password-of-the-proxy"));
      await assert.rejects(
        configured({ HTTPS_PROXY: "socks5://proxy:1080", ALL_PROXY: "http://proxy:3128" }),
        /autoscalerProxies.HTTPS_PROXY: must be the URL of an HTTP proxy.*\n.*ALL_PROXY: there is no such proxy/,
      );
    } finally {
      delete process.env["HTTPS_PROXY"];
      pulumi.runtime.setAllConfig({});
    }
  });

  it("asks its own cluster directly, whatever the proxies are", async () => {
    const environment: NodeJS.ProcessEnv = {};
    await goByProxies({}, "https://10.96.0.1:443", environment);
    assert.deepEqual(environment, {});
    const proxies = { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "internal.example" };
    await goByProxies({ proxies }, "https://10.96.0.1:443", environment);
    assert.deepEqual(environment, { ...proxies, NO_PROXY: "internal.example,10.96.0.1" });
  });

  it("has keys in its Secret alone", async () => {
    const registered = await registerAutoscaler();
    const others = registered.resources.filter(({ type }) => type !== types.secret);
    assert.ok(!JSON.stringify(others.map(({ inputs }) => inputs)).includes(secretKey));
    assert.ok(config(registered).includes(secretKey));
  });

  it("runs cluster-autoscaler of the cluster's minor beside the server, over their own socket", async () => {
    const registered = await registerAutoscaler();
    const { image, command } = container(registered, "cluster-autoscaler");
    assert.match(image, /:v1\.35\.\d+$/);
    assert.ok(command!.includes("--cloud-provider=externalgrpc"));
    assert.ok(command!.includes("--expander=priority,least-waste"));
    assert.ok(command!.includes("--enforce-node-group-min-size=true"));
    assert.ok(command!.includes("--max-node-provision-time=30m"));
    assert.ok(command!.includes("--force-delete-unregistered-nodes=true"));
    // A node whose network just begins is one to come, and no kind of its own that another must be bought beside.
    assert.ok(command!.includes("--startup-taint=node.cilium.io/agent-not-ready"));
    // The cluster's own name servers move, where they have no other reason to stay.
    assert.ok(command!.includes("--skip-nodes-with-system-pods=false"));
    assert.equal(container(registered, "server").image, "example.test/autoscaler:1");
    const maps = registered
      .all(types.configMap)
      .map(({ inputs }) => (inputs as { data?: Record<string, string> }).data ?? {});
    const cloudConfig = parse(maps.find((data) => "cloud-config" in data)!["cloud-config"]!) as Record<string, string>;
    assert.deepEqual(cloudConfig, { address: parsedConfig(registered).address, grpc_timeout: "30s" });
  });

  it("gives no flag that the release of an older minor does not know", async () => {
    const registered = await registerAutoscaler({ kubernetesVersion: "1.29.4" });
    const { image, command } = container(registered, "cluster-autoscaler");
    assert.match(image, /:v1\.29\.\d+$/);
    assert.ok(!command!.some((flag) => flag.startsWith("--force-delete-unregistered-nodes")));
  });

  it("prefers groups by priority, and lets none out", async () => {
    const registered = await registerAutoscaler();
    const maps = registered
      .all(types.configMap)
      .map(({ inputs }) => inputs as { metadata: { name: string }; data: Record<string, string> });
    const { data } = maps.find(({ metadata }) => metadata.name === "cluster-autoscaler-priority-expander")!;
    assert.deepEqual(parse(data["priorities"]!), { 20: ["^cheap$"], 10: ["^sure$", "^also-sure$"], 1: [".*"] });
  });

  it("starts anew when a group changes, and not otherwise", async () => {
    const mark = async (changes = {}) =>
      pod(await registerAutoscaler(changes)).metadata.annotations["gpu-clusters/configuration"];
    assert.equal(await mark(), await mark());
    assert.notEqual(await mark(), await mark({ maxSize: 6 }));
    const { replicas, strategy } = (await registerAutoscaler()).inputs(types.deployment)["spec"] as {
      replicas: number;
      strategy: object;
    };
    // Two would each write the groups' sizes.
    assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
  });

  it("runs where the control plane's role is if it acts by that, and else where there is room", async () => {
    const byRole = pod(await registerAutoscaler({ usesMachineRole: true })).spec;
    assert.equal(byRole.hostNetwork, true);
    assert.match(JSON.stringify(byRole["affinity"]), /required.*node-role.kubernetes.io\/control-plane/);
    const byKey = pod(await registerAutoscaler()).spec;
    assert.equal(byKey.hostNetwork, undefined);
    // Its cloud's name is none of the cluster's, whose name servers may wait for a node.
    assert.deepEqual([byRole["dnsPolicy"], byKey["dnsPolicy"]], ["Default", "Default"]);
    assert.match(JSON.stringify(byKey["affinity"]), /preferred.*node-role.kubernetes.io\/control-plane/);
  });

  it("may make Secrets, and so become a node, only where its machines join by tokens of its own", async () => {
    assert.equal(mayMakeSecrets(await registerAutoscaler({ mintsTokens: true })), true);
    assert.equal(mayMakeSecrets(await registerAutoscaler()), false);
  });

  it("is gone before any group goes", async () => {
    const registered = await registerAutoscaler();
    const name = registered.all(types.deployment)[0]!.name;
    for (const group of groupNames) assert.ok(registered.dependenciesOf(name).includes(group));
  });
});
