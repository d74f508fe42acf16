import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { hubCallback, JupyterHub, type JupyterHubArgs } from "../../components/addons";
import { blockClass } from "../../components/addons/block-storage/place";
import { checkedClientPart, checkedUrl, hubNeeds } from "../../components/addons/jupyterhub/jupyterhub";
import { profiles } from "../../components/addons/jupyterhub/values";
import { isDnsLabel } from "../../sdk/dns-label";
import type { Taint } from "../../sdk/kubernetes/taint";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, plain, settled, valueOf, visible, warnings, type Registered } from "./mocks";

const url = "https://hub.example.com";
const client = { issuer: "https://sso.example.com/realms/lab", clientId: "train", secret: "CLIENT-SECRET" };
const taints = [
  { key: "nvidia.com/gpu", value: "yes", effect: "NoSchedule" as const },
  { key: "team", value: "vision", effect: "NoExecute" as const },
];
const gpuGroup = {
  name: "v100",
  gpus: 8,
  gpuResources: { "nvidia.com/gpu": 8 },
  machineTypes: ["p3.16xlarge"],
  taints,
};
const keys = {
  "gpu-clusters:kubernetes:GeneratedKey": ({ name }: { name: string }) => ({ hex: `KEY-${name}` }),
  "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
};

type Values = Record<string, Record<string, Record<string, unknown>>>;

async function made(
  given: Partial<JupyterHubArgs> = {},
  parts: Partial<KubernetesCluster> = {},
): Promise<{ registered: Registered; hub: JupyterHub; values: Values }> {
  const registered = await mockProgram(keys);
  const hub = new JupyterHub("hub", { cluster: clusterInHand([{}, gpuGroup], parts), url, client, ...given });
  await valueOf(hub.url);
  await settled();
  const { values } = plain(registered.inputs("kubernetes:helm.sh/v3:Release")) as { values: Values };
  return { registered, hub, values };
}

describe("JupyterHub", () => {
  it("lets in whom Keycloak does, by the cluster's own client, and hides all that is secret", async () => {
    const { registered, hub, values } = await made();
    assert.equal(await valueOf(hub.url), url);
    const { GenericOAuthenticator, JupyterHub: own } = values["hub"]!["config"] as Record<string, object>;
    assert.deepEqual(GenericOAuthenticator, {
      client_id: "train",
      client_secret: "CLIENT-SECRET",
      oauth_callback_url: hubCallback(url),
      authorize_url: "https://sso.example.com/realms/lab/protocol/openid-connect/auth",
      token_url: "https://sso.example.com/realms/lab/protocol/openid-connect/token",
      userdata_url: "https://sso.example.com/realms/lab/protocol/openid-connect/userinfo",
      username_claim: "preferred_username",
      login_service: "Keycloak",
      scope: ["openid", "profile", "email"],
      allow_all: true,
    });
    assert.deepEqual(own, { authenticator_class: "generic-oauth", cookie_secret: "KEY-hub-cookies" });
    const shown = JSON.stringify(registered.resources.map(({ inputs }) => visible(inputs)));
    for (const secret of ["CLIENT-SECRET", "KEY-hub"]) assert.ok(!shown.includes(secret), secret);
    // The chart has `hub.config` in a Secret; what it makes of other values are ConfigMaps and arguments of pods, too.
    const { config, ...otherOfHub } = values["hub"] as Record<string, unknown>;
    const readable = JSON.stringify([
      { ...values, hub: otherOfHub },
      ...registered.all("kubernetes:core/v1:ConfigMap").map(({ inputs }) => plain(inputs)),
    ]);
    assert.ok(JSON.stringify(config).includes("CLIENT-SECRET"));
    for (const secret of ["CLIENT-SECRET", "KEY-hub"]) assert.ok(!readable.includes(secret), secret);
    assert.ok(registered.isProtected("hub-namespace"));
    assert.deepEqual(registered.dependenciesOf("hub-namespace"), ["train-nodes"]);
    assert.ok(registered.dependenciesOf("hub-release").includes("hub-namespace"));
  });

  it("finds the realm by its address, with a slash at the end or without", async () => {
    const { values } = await made({ client: { ...client, issuer: `${client.issuer}/` }, url: `${url}/` });
    const { GenericOAuthenticator: found } = values["hub"]!["config"] as Record<string, Record<string, string>>;
    assert.equal(found!["token_url"], "https://sso.example.com/realms/lab/protocol/openid-connect/token");
    assert.equal(found!["oauth_callback_url"], `${url}/hub/oauth_callback`);
  });

  it("takes an address that is known later, and refuses a wrong one then", async () => {
    const later = (text: string) => pulumi.output(Promise.resolve(text));
    const { hub, values } = await made({ url: later(url) });
    assert.equal(await valueOf(hub.url), url);
    const { GenericOAuthenticator: found } = values["hub"]!["config"] as Record<string, Record<string, string>>;
    assert.equal(found!["oauth_callback_url"], hubCallback(url));
    assert.throws(() => checkedUrl("hub.example.com/x"), /url: "hub\.example\.com\/x" must be an address/);
    assert.throws(
      () => checkedClientPart("issuer", "http://sso.example.com/realms/lab"),
      /client\.issuer: .* must be a realm's https/,
    );
    assert.throws(() => checkedClientPart("clientId", "a b"), /client\.clientId: must have .* no spaces/);
    assert.throws(
      () => checkedClientPart("secret", "PASS\n"),
      ({ message }: Error) => /client\.secret: must have no spaces/.test(message) && !message.includes("PASS"),
    );
    for (const field of ["issuer", "clientId", "secret"] as const)
      for (const nothing of [undefined, null, ""] as const)
        assert.throws(
          () => checkedClientPart(field, nothing as unknown as string),
          new RegExp(`client\\.${field}: (has no value|must not be empty)`),
        );
  });

  it("refuses what is no realm's address, and a client without a name or secret", async () => {
    await mockProgram(keys);
    const cluster = clusterInHand();
    for (const issuer of [
      "https://sso.example.com",
      "https://sso.example.com/realms/",
      "http://sso.example.com/realms/lab",
      "sso.example.com/realms/lab",
      `${client.issuer}/.well-known/openid-configuration`,
      `${client.issuer}?a=b`,
    ])
      assert.throws(
        () => new JupyterHub("hub", { cluster, url, client: { issuer, clientId: "", secret: "" } }),
        /3 invalid inputs\n {2}client\.issuer: .*\n {2}client\.clientId: .*\n {2}client\.secret: /,
        issuer,
      );
    await settled();
  });

  it("has its three keys from resources that keep them", async () => {
    const { registered, values } = await made();
    assert.equal(registered.all("gpu-clusters:kubernetes:GeneratedKey").length, 3);
    const config = values["hub"]!["config"] as Record<string, object>;
    assert.deepEqual(config["ConfigurableHTTPProxy"], { auth_token: "KEY-hub-proxy" });
    assert.deepEqual(config["CryptKeeper"], { keys: ["KEY-hub-sessions"] });
  });

  it("keeps homes in the cluster's shared storage where it has some, and else in a class that can be named", async () => {
    const storageOf = ({ hub, singleuser }: Values) => [
      (hub!["db"] as { pvc: object }).pvc,
      (singleuser!["storage"] as { dynamic: object }).dynamic,
    ];
    const shared = { sharedStorageClass: pulumi.output("shared") };
    assert.deepEqual(storageOf((await made({}, shared)).values), [
      { accessModes: ["ReadWriteMany"], storageClassName: "shared" },
      { storageClass: "shared", storageAccessModes: ["ReadWriteMany"] },
    ]);
    assert.deepEqual(storageOf((await made({ storageClass: "fast" }, shared)).values), [
      { accessModes: ["ReadWriteOnce"], storageClassName: "fast" },
      { storageClass: "fast", storageAccessModes: ["ReadWriteOnce"] },
    ]);
    assert.deepEqual(storageOf((await made()).values), [
      { accessModes: ["ReadWriteOnce"] },
      { storageAccessModes: ["ReadWriteOnce"] },
    ]);
  });

  it("leaves the hub's own volume where it is, and the hub beside it, whichever class the next homes are in", async () => {
    const { registered } = await made();
    assert.deepEqual(registered.ignoredChangesOf("hub-release"), [
      "values.hub.db.pvc",
      "values.hub.nodeSelector",
      "values.hub.tolerations",
    ]);
  });

  it("keeps its database off file servers where the cluster has block storage, on the one machine that each zone of a volume keeps", async () => {
    const shared = { sharedStorageClass: pulumi.output("shared") };
    const onBlocks = async (given: Partial<JupyterHubArgs> = {}, parts: Partial<KubernetesCluster> = {}) => {
      const cluster = clusterInHand([{}, gpuGroup], parts);
      blockClass.set(cluster, "gp3");
      return made({ cluster, ...given });
    };
    const placeOf = ({ hub }: Values) => [hub!["nodeSelector"], hub!["tolerations"], hub!["db"]!];
    const beside = [
      { "node-role.kubernetes.io/control-plane": "" },
      [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }],
      { pvc: { accessModes: ["ReadWriteOnce"], storageClassName: "gp3" } },
    ];
    for (const given of [{}, { storageClass: "files" }]) {
      const { values } = await onBlocks(given, shared);
      assert.deepEqual(placeOf(values), beside);
      const { dynamic } = values["singleuser"]!["storage"] as { dynamic: Record<string, string> };
      assert.equal(dynamic["storageClass"], given.storageClass ?? "shared", "homes are where they were");
    }
    assert.deepEqual(placeOf((await onBlocks()).values), beside);
    const [selector, tolerations] = placeOf((await made({}, shared)).values);
    assert.deepEqual([selector, tolerations], [undefined, undefined]);
  });

  it("says at the preview that its database is in shared files, where nothing else is there for it", async () => {
    const told = (parts: Partial<KubernetesCluster> = {}, own?: string, isBlocks = false) => {
      const cluster = clusterInHand([{}], parts);
      if (isBlocks) blockClass.set(cluster, "gp3");
      return hubNeeds(cluster, own).filter((words) => /database/.test(words));
    };
    await mockProgram(keys, true);
    const shared = { sharedStorageClass: pulumi.output("shared") };
    const [words, ...others] = told(shared);
    assert.match(words!, /JupyterHub: .* database, an SQLite file, .* shared files/);
    assert.deepEqual(others, []);
    assert.deepEqual(told(shared, "shared"), [words]);
    for (const none of [told(), told(shared, "fast"), told(shared, undefined, true)]) assert.deepEqual(none, []);
    await settled();
  });

  it("lets the hub reach the API server under Cilium, to which ranges of addresses are no nodes", async () => {
    const { values } = await made();
    assert.deepEqual(values["hub"]!["networkPolicy"], { egress: [{}] });
  });

  it("has a home's files changed once, and not by kubelet at each start, file by file", async () => {
    const { values } = await made();
    const { KubeSpawner } = values["hub"]!["config"] as Record<string, object>;
    assert.deepEqual(KubeSpawner, { pod_security_context: { fsGroupChangePolicy: "OnRootMismatch" } });
  });

  it("offers what each group has, on its nodes, and stops what nobody uses", async () => {
    const { values } = await made({ idleMinutes: 30 });
    const [none, gpu, ...others] = values["singleuser"]!["profileList"] as unknown as Record<string, object>[];
    assert.deepEqual([none!["slug"], gpu!["slug"], others.length], ["no_gpu", "v100", 0]);
    assert.deepEqual(gpu!["kubespawner_override"], {
      node_selector: { "gpu-clusters/node-group": "v100" },
      tolerations: [
        { key: "nvidia.com/gpu", operator: "Exists" },
        { key: "team", operator: "Equal", value: "vision", effect: "NoExecute" },
      ],
      extra_resource_limits: { "nvidia.com/gpu": "1" },
    });
    const { gpus } = gpu!["profile_options"] as { gpus: { choices: Record<string, { display_name: string }> } };
    const shown = Object.values(gpus.choices).map(({ display_name }) => display_name);
    assert.deepEqual(shown, ["1", "2", "4", "8"]);
    assert.deepEqual(values["cull"], { enabled: true, timeout: 1800, every: 300 });
  });

  it("lets the servers of each group onto its nodes, whatever keeps others off, and onto no other group's", () => {
    const one = {
      role: "worker" as const,
      gpus: 1,
      gpuResources: { "nvidia.com/gpu": 1 },
      machineTypes: ["v100"],
      maxSize: 2,
    };
    const only = { key: "only", effect: "NoSchedule" as const };
    const found = profiles([
      { ...one, name: "free", taints: [] },
      { ...one, name: "kept", taints: [only] },
    ]).flatMap(({ kubespawner_override: own }) => (own ? [own.tolerations] : []));
    const usual = { key: "nvidia.com/gpu", operator: "Exists" };
    assert.deepEqual(found, [[usual], [usual, { ...only, operator: "Exists" }]]);
  });

  it("asks for GPUs by the name and the number that pods have for them, and offers none that no number asks for", () => {
    const one = { role: "worker" as const, gpus: 1, machineTypes: ["m"], maxSize: 2, taints: [] };
    const [, amd, turns, ...others] = profiles([
      { ...one, name: "amd", gpuResources: { "amd.com/gpu": 1 } },
      { ...one, name: "turns", gpuResources: { "nvidia.com/gpu": 32 } },
      { ...one, name: "claimed", gpuResources: {} },
    ]);
    assert.equal(others.length, 0);
    assert.deepEqual(amd!.kubespawner_override!.extra_resource_limits, { "amd.com/gpu": "1" });
    assert.deepEqual(Object.keys(turns!.profile_options!.gpus.choices), ["n1", "n2", "n4", "n8", "n16", "n32"]);
  });

  it("offers a server without a GPU where one has a place, and else begins with the first group", () => {
    const gpu = {
      role: "worker" as const,
      gpus: 1,
      gpuResources: { "nvidia.com/gpu": 1 },
      machineTypes: ["v100"],
      maxSize: 2,
    };
    const taint = (effect: Taint["effect"]) => ({ key: "nvidia.com/gpu", value: "present", effect });
    const kept = { ...gpu, name: "kept", taints: [taint("NoSchedule")] };
    const shown = (groups: Parameters<typeof profiles>[0]) =>
      profiles(groups).map(({ slug, ...profile }) => ("default" in profile ? `${slug}, by default` : slug));
    assert.deepEqual(shown([kept, { ...kept, name: "other" }]), ["kept, by default", "other"]);
    assert.deepEqual(shown([kept, { ...kept, name: "cpu", gpuResources: {}, taints: [] }]), [
      "no_gpu, by default",
      "kept",
    ]);
    assert.deepEqual(shown([{ ...kept, taints: [taint("PreferNoSchedule")] }]), ["no_gpu, by default", "kept"]);
    assert.deepEqual(shown([]), ["no_gpu, by default"]);
  });

  it("has no group's name for a server without a GPU", () => {
    const named = { role: "worker" as const, gpus: 1, machineTypes: ["v100"], maxSize: 2, taints: [] };
    const slugs = ["no-gpu", "no-gpu-0"].map((name) => ({ ...named, name, gpuResources: { "nvidia.com/gpu": 1 } }));
    const found = profiles(slugs).map(({ slug }) => slug);
    assert.equal(new Set(found).size, 3);
    assert.ok(!isDnsLabel(found[0]!), "no group can have it");
  });

  it("offers servers without a GPU on groups without one that a number asks for, where taints keep them off everywhere else", () => {
    const one = { role: "worker" as const, machineTypes: ["m"], maxSize: 2 };
    const team = { key: "team", value: "vision", effect: "NoSchedule" as const };
    const gpu = { ...one, name: "gpu", gpus: 1, gpuResources: { "nvidia.com/gpu": 1 }, taints: [team] };
    const cpu = { ...one, name: "cpu", gpus: 0, gpuResources: {}, taints: [team] };
    const claimed = { ...one, name: "claimed", gpus: 8, gpuResources: {}, taints: [team] };
    const [first, ...others] = profiles([gpu, cpu]);
    assert.deepEqual(first, {
      display_name: "No GPU: cpu",
      slug: "cpu",
      description: "A node of the group cpu (m), without a GPU",
      default: true,
      kubespawner_override: {
        node_selector: { "gpu-clusters/node-group": "cpu" },
        tolerations: [
          { key: "nvidia.com/gpu", operator: "Exists" },
          { key: "team", operator: "Equal", value: "vision", effect: "NoSchedule" },
        ],
      },
    });
    assert.deepEqual(
      others.map(({ slug, default: isFirst }) => [slug, isFirst]),
      [["gpu", undefined]],
    );
    const slugs = (groups: Parameters<typeof profiles>[0]) => profiles(groups).map(({ slug }) => slug);
    assert.deepEqual(slugs([claimed]), ["claimed"], "there is no other");
    assert.deepEqual(slugs([cpu, { ...cpu, name: "other" }, gpu]), ["cpu", "other", "gpu"]);
    assert.deepEqual(slugs([cpu, gpu, { ...cpu, name: "free", taints: [] }]), ["no_gpu", "gpu"], "kept for others");
  });

  it("warns where it offers no GPU: without groups, and of GPUs that no number asks for", async () => {
    const told = await warnings(() => made({}, { nodeGroups: clusterInHand([]).nodeGroups }));
    assert.equal(told.length, 1);
    assert.match(told[0]!, /cluster: has no group with the role "worker" .* JupyterHub offers no GPU/);
    const claimed = { name: "a100", gpus: 8, gpuResources: {} };
    const [ofGpus, ...others] = await warnings(() =>
      made({}, { nodeGroups: clusterInHand([{}, claimed, { ...claimed, name: "off", maxSize: 0 }]).nodeGroups }),
    );
    assert.match(ofGpus!, /cluster: JupyterHub gives nobody the GPUs of a100, .* gpuMode "plugin"/);
    assert.deepEqual(others, []);
    assert.deepEqual(await warnings(made), []);
  });

  it("offers no choice where there is none, and no group that can have no nodes, or has them for what controls the cluster", () => {
    const one = {
      name: "one",
      role: "worker" as const,
      gpus: 1,
      gpuResources: { "nvidia.com/gpu": 1 },
      machineTypes: ["v100"],
      maxSize: 2,
      taints: [],
    };
    const off = { ...one, name: "off", maxSize: 0 };
    const [, only, ...others] = profiles([one, off, { ...one, name: "control", role: "control" }]);
    assert.equal(others.length, 0);
    assert.ok(only && !("profile_options" in only));
  });

  it("says all that cannot be right, by the field", async () => {
    await mockProgram(keys);
    const cluster = clusterInHand();
    const given = { cluster, url: "hub.example.com/lab", client, homeGib: 0, namespace: "Hub" };
    assert.throws(
      () => new JupyterHub("hub", given),
      (error: InvalidInput) => {
        assert.match(error.message, /3 invalid inputs\n {2}url: .*\n {2}homeGib: .*\n {2}namespace: /);
        return true;
      },
    );
    await settled();
  });
});
