/** Which clusters have the autoscaler, and what it is told of their groups. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parseConfig } from "../../autoscaler/config";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import { AwsCluster } from "../../components/aws/cluster";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "../../components/cudo/args";
import { CudoCluster } from "../../components/cudo/cluster";
import { MithrilCluster } from "../../components/mithril/cluster";
import { Provider } from "../../sdk/provider-resource";
import { mayMakeSecrets } from "./autoscaler-scene";
import { cloud as aws, functions, group as awsGroup, minimal } from "./aws-scene";
import { mockProgram, settled, type Outputs, type Registered, plain } from "./mocks";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";

const deployment = "kubernetes:apps/v1:Deployment";

const outputs: Outputs = {
  ...aws,
  "gpu-clusters:kubernetes:ClusterCertificates": () => ({
    caCertificate: "CA",
    caPrivateKey: "KEY",
    frontProxyCaCertificate: "FRONT",
    frontProxyCaPrivateKey: "KEY",
    etcdCaCertificate: "ETCD",
    etcdCaPrivateKey: "KEY",
    serviceAccountPrivateKey: "KEY",
    adminCertificate: "ADMIN",
    adminPrivateKey: "KEY",
  }),
  "gpu-clusters:cudo:Vm": () => ({ externalIpAddress: "203.0.113.7", internalIpAddress: "10.0.0.2" }),
  "gpu-clusters:cudo:NodeGroup": () => ({ size: 1, machines: [], problems: [] }),
  "gpu-clusters:mithril:Cluster": () => ({ kubeHost: "203.0.113.7", endpoint: "https://203.0.113.7:6443" }),
  "gpu-clusters:mithril:SshAccess": () => ({ hostKey: "ssh-ed25519 HOST" }),
  "gpu-clusters:mithril:NodeGroup": () => ({ size: 2, machines: [], problems: [] }),
  "command:remote:Command": () => ({
    stdout: JSON.stringify({
      clusters: [{ name: "k", cluster: { server: "https://10.0.0.10:6443", "certificate-authority-data": "Q0E=" } }],
      users: [{ name: "u", user: { token: "secret-token" } }],
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      "current-context": "c",
    }),
    stderr: "",
  }),
};

const bounds = { minSize: 0, maxSize: 4 };
const cudoGroup: CudoNodeGroupArgs = {
  role: "worker",
  name: "gpu",
  ...bounds,
  vcpus: 8,
  memoryGib: 32,
  diskSizeGib: 100,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};
const programs: Record<string, (autoscaler: boolean | undefined) => unknown> = {
  aws: (autoscaler) =>
    new AwsCluster("train", {
      ...minimal,
      autoscaler,
      nodeGroups: [
        { ...awsGroup, ...bounds },
        { ...awsGroup, name: "control", role: "control", minSize: 1, maxSize: 1 },
      ],
    }),
  cudo: (autoscaler) => new CudoCluster("train", { noVault: true, cni: "none", autoscaler, nodeGroups: [cudoGroup] }),
  mithril: (autoscaler) =>
    new MithrilCluster("train", {
      region: "us-central5-a",
      controlPlane: { instanceType: "cpu.4x" },
      sshPublicKey,
      sshPrivateKey,
      autoscaler,
      nodeGroups: [
        { name: "gpu", instanceType: "h100-80gb.sxm.8x", capacity: { spot: { limitPrice: "$20.00" } }, ...bounds },
      ],
    }),
};

interface Deployed {
  template: { spec: { hostNetwork?: boolean; containers: { env?: { name: string; value: string }[] }[] } };
}

/** Other add-ons have deployments too. */
const autoscalers = (registered: Registered) =>
  registered.all(deployment).filter(({ name }) => name.includes("autoscaler"));

function configOf(registered: Registered) {
  const secret = registered
    .all("kubernetes:core/v1:Secret")
    .map(({ inputs }) => plain(inputs) as { stringData?: Record<string, string> })
    .find(({ stringData }) => stringData?.["config.json"])!;
  return parseConfig(secret.stringData!["config.json"]!);
}

describe("clusters with the autoscaler", () => {
  const run = async (cloud: string, autoscaler?: boolean): Promise<Registered> => {
    const registered = await mockProgram(outputs, false, functions);
    programs[cloud]!(autoscaler);
    await settled();
    return registered;
  };

  /** Whether it acts by its machine's role, and may make tokens: AWS's machines have the control plane's, Mithril's join by themselves. */
  const rights: Record<string, [boolean, boolean]> = {
    aws: [true, false],
    cudo: [false, true],
    mithril: [false, false],
  };

  for (const cloud of Object.keys(programs)) {
    it(`has it on ${cloud}, after the groups, which it knows as Pulumi does`, async () => {
      const registered = await run(cloud);
      const name = autoscalers(registered)[0]!.name;
      assert.ok(registered.dependenciesOf(name).includes("train-gpu"));
      const config = configOf(registered);
      assert.deepEqual(
        config.groups.map(({ name, cloud }) => [name, cloud]),
        [["gpu", cloud]],
      );
      const [{ spec, owner }] = config.groups as [(typeof config.groups)[0]];
      assert.ok(registered.dependencyUrnsOf(name).includes(owner), owner);
      const made = registered.all(`gpu-clusters:${cloud}:NodeGroup`).find(({ name }) => name === "train-gpu")!;
      const given = JSON.parse(JSON.stringify(plain(made.inputs))) as Record<string, unknown>;
      assert.deepEqual(spec, { ...given, ...("kubeconfig" in given && { kubeconfig: "" }) });
      const code = registered.all("kubernetes:core/v1:ConfigMap").find(({ name }) => name.endsWith("-code"))!;
      assert.equal((code.inputs as { immutable: boolean }).immutable, true);
      const { template } = autoscalers(registered)[0]!.inputs["spec"] as Deployed;
      assert.deepEqual([template.spec.hostNetwork === true, mayMakeSecrets(registered)], rights[cloud]);
    });

    it(`has none on ${cloud} that is told so`, async () => {
      assert.deepEqual(autoscalers(await run(cloud, false)), []);
    });
  }

  for (const cloud of ["aws", "cudo"])
    it(`reads nothing in it on ${cloud} from a group that goes first when the cluster is lost: a preview would end there`, async () => {
      const registered = await run(cloud);
      const lost = registered.resources
        .map(({ name }) => name)
        .filter((name) => registered.goesFirst(name) && registered.triggerOf(name) !== undefined);
      assert.ok(lost.includes("train-gpu"));
      for (const { type, name } of registered.resources) {
        if (!type.startsWith("kubernetes:")) continue;
        const read = registered.readBy(name).filter((from) => lost.includes(from));
        assert.deepEqual(read, [], name);
      }
    });

  it("acts with a key where machines have no role, and says where it belongs when there is none", async () => {
    await mockProgram(outputs);
    pulumi.runtime.setConfig("gpu-clusters:cudo", JSON.stringify({ projectId: "project-1" }));
    assert.throws(
      () => programs["cudo"]!(undefined),
      /1 invalid input\n {2}autoscaler: needs gpu-clusters:cudo.apiKey in the stack's configuration, or CUDO_API_KEY in the environment, /,
    );
    pulumi.runtime.setConfig("gpu-clusters:mithril", "{}");
    assert.throws(
      () => programs["mithril"]!(undefined),
      /2 invalid inputs\n {2}autoscaler: .*apiKey in .*, or MITHRIL_API_KEY in .*\n {2}autoscaler: .*projectId in .*, or MITHRIL_PROJECT in /,
    );
    new CudoCluster("fixed", {
      noVault: true,
      cni: "none",
      nodeGroups: [{ ...cudoGroup, role: "control", minSize: 1, maxSize: 1 }],
    });
    programs["cudo"]!(false);
    await settled();
  });

  it("says what is wrong with the stack's account beside what is wrong with the arguments, with and without an autoscaler", async () => {
    await mockProgram(outputs);
    pulumi.runtime.setConfig("gpu-clusters:cudo", JSON.stringify({ apiKey: "two words", projectId: "no/project" }));
    const made = (autoscaler: boolean) => () => {
      new CudoCluster("-", { noVault: true, cni: "none", nodeGroups: [cudoGroup], autoscaler });
    };
    const all =
      /3 invalid inputs\n {2}clusterName: .*\n {2}gpu-clusters:cudo\.apiKey: must be one word .*\n {2}gpu-clusters:cudo\.projectId: "no\/project" must have/;
    for (const autoscaler of [true, false]) assert.throws(made(autoscaler), all);
  });

  it("acts with the component's own provider, whose account may be another than the stack's", async () => {
    const registered = await mockProgram(outputs);
    const research = new Provider("research", { cudo: { apiKey: "research-key", projectId: "research" } });
    new CudoCluster("train", { noVault: true, cni: "none", nodeGroups: [cudoGroup] }, { providers: [research] });
    await settled();
    const { providers } = configOf(registered);
    assert.deepEqual(
      [providers["cudo"]?.["apiKey" as never], providers["cudo"]?.["projectId" as never]],
      ["research-key", "research"],
    );
  });

  const account = (name: string) => new Provider(name, { cudo: { apiKey: `${name}-key`, projectId: name } });
  /** Options that name an account or more, and the one that Pulumi makes the component's resources in; "": the stack's. */
  const given: Record<string, [make: () => pulumi.ComponentResourceOptions, name: string]> = {
    "a provider and others": [() => ({ provider: account("one"), providers: [account("two")] }), "one"],
    "a provider and one by the package's name": [
      () => ({ provider: account("one"), providers: { "gpu-clusters": account("two") } }),
      "one",
    ],
    "two in a list": [() => ({ providers: [account("one"), account("two")] }), "two"],
    "one by another name": [() => ({ providers: { cudo: account("one") } }), ""],
    "a parent that is no component": [() => ({ parent: new Vault(new Holder([account("one")])) }), "one"],
    "a parent of another copy of the SDK": [() => ({ parent: ofAnotherCopy(new Holder([account("one")])) }), "one"],
    "a provider of another copy of this package": [() => ({ providers: [ofAnotherCopy(account("one"))] }), "one"],
  };
  for (const [what, [make, name]] of Object.entries(given))
    it(`acts in the account of the component's resources: ${what}`, async () => {
      const registered = await mockProgram(outputs);
      new CudoCluster("train", { noVault: true, cni: "none", nodeGroups: [cudoGroup] }, make());
      await settled();
      const { cudo } = configOf(registered).providers as { cudo: { projectId: string } };
      const choices = plain(registered.inputs("gpu-clusters:kubernetes:LastingChoices")) as { choices: object };
      const project = Object.entries(choices.choices).find(([key]) => key.endsWith("projectId"))?.[1] as string;
      const stacks = "project-1";
      assert.deepEqual(
        [registered.providerOf("train-gpu") ?? "", cudo.projectId, project],
        [name, name || stacks, name || stacks],
      );
    });

  it("labels nodes whose GPUs come by a device plugin, at the join as in the template, so that one that starts is waited for", async () => {
    const labelsWith = async (more: Partial<CudoClusterArgs>, gpuSharing?: CudoNodeGroupArgs["gpuSharing"]) => {
      const registered = await mockProgram(outputs);
      const group = { ...cudoGroup, gpus: 2, gpuModel: "A100 80GB PCIe", ...(gpuSharing && { gpuSharing }) };
      new CudoCluster("train", { noVault: true, cni: "none", nodeGroups: [group], ...more });
      await settled();
      const { labels, startScript } = plain(registered.inputs("gpu-clusters:cudo:NodeGroup")) as {
        labels: Record<string, string>;
        startScript: string;
      };
      const key = "gpu-clusters/gpu";
      return [labels[key], nodeDocumentFromScript(startScript)!.labels[key]];
    };
    assert.deepEqual(await labelsWith({}), ["a100-80gb", "a100-80gb"]);
    assert.deepEqual(await labelsWith({}, { timeSlicing: 2 }), ["a100-80gb", "a100-80gb"]);
    const none = [undefined, undefined];
    assert.deepEqual(await labelsWith({}, { mig: "mixed" }), none, "partitions have names of their own");
    assert.deepEqual(await labelsWith({ gpuMode: "dra" }), none);
    assert.deepEqual(await labelsWith({ gpu: false }), none, "somebody else's business, who may do neither");
  });
});

class Vault extends pulumi.CustomResource {
  constructor(parent: pulumi.Resource) {
    super("test:index:Vault", "vault", {}, { parent });
  }
}

class Holder extends pulumi.ComponentResource {
  constructor(providers: pulumi.ProviderResource[]) {
    super("test:index:Holder", "holder", {}, { providers });
  }
}

/** The same, by classes that nobody here knows. */
function ofAnotherCopy<T extends object>(resource: T): T {
  const classes = Object.getPrototypeOf(resource) as object;
  const methods: object = {};
  for (let each = classes; each !== Object.prototype; each = Object.getPrototypeOf(each) as object)
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(each)))
      if (!(name in methods) || name === "constructor") Object.defineProperty(methods, name, property);
  return Object.setPrototypeOf(resource, methods) as T;
}
