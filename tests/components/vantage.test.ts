import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { AwsClusterArgs } from "../../components/aws/args";
import { AwsCluster } from "../../components/aws/cluster";
import type { CudoClusterArgs } from "../../components/cudo/args";
import { ClusterCouldNotBeDeployed, ClusterNameInUse, InvalidInput } from "../../components/errors";
import { createCluster } from "../../components/vantage/create";
import { clusterArgs } from "../../components/vantage/mapping";
import type {
  AwsRequestGroup,
  AwsSettings,
  CloudAccount,
  CreateClusterRequest,
  CudoRequestGroup,
  CudoSettings,
} from "../../components/vantage/request";
import { cloud, functions } from "./aws-scene";
import { mockProgram, plain, settled, valueOf, type Functions } from "./mocks";

const roleArn = "arn:aws:iam::123456789012:role/vantage";
const accounts: Record<number, CloudAccount> = {
  1: { provider: "aws", role_arn: roleArn, external_id: "external" },
  2: { provider: "cudo" },
  3: { provider: "aws" },
};

const awsGroup: AwsRequestGroup = {
  name: "cpu",
  role: "worker",
  min_size: 1,
  max_size: 3,
  instance_types: ["t3.xlarge"],
};
const cudoGroup: CudoRequestGroup = {
  id: "gpu",
  role: "worker",
  min_size: 1,
  max_size: 3,
  vcpus: 8,
  memory_gib: 32,
  boot_disk_size_gib: 100,
  data_center_id: "us-dallas-1",
  machine_type: "intel-broadwell-v100",
  gpus: 1,
  gpu_model: "V100",
};

function aws(settings: Partial<AwsSettings> = {}, more: Partial<CreateClusterRequest> = {}): CreateClusterRequest {
  return {
    name: "c1",
    description: "d",
    cloud_account_id: 1,
    cluster_type: "k8s",
    settings: { key_pair: "ops", ...settings },
    ...more,
  };
}

function cudo(settings: Partial<CudoSettings> = {}): CreateClusterRequest {
  return {
    name: "c1",
    description: "d",
    cloud_account_id: 2,
    cluster_type: "k8s",
    settings: { no_vault: true, autoscaler_node_groups: [cudoGroup], ...settings },
  };
}

function problems(request: unknown): string[] {
  try {
    clusterArgs(request as CreateClusterRequest, { accounts });
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    return error.errors.map(({ propertyPath }) => propertyPath);
  }
}

/** Security groups with the cluster's tag: all, and this stack's. */
function securityGroups(all: string[], own: string[]): Functions {
  const ids = ({ tags }: Record<string, unknown>) => ({ ids: "gpu-clusters/stack" in (tags as object) ? own : all });
  return { "aws:ec2/getSecurityGroups:getSecurityGroups": ids };
}

const sizes = fc.tuple(fc.integer({ min: -1, max: 102 }), fc.integer({ min: -1, max: 102 }));

describe("components/vantage", () => {
  it("fills in what the request leaves out, as its reference says", () => {
    const { args } = clusterArgs(aws({ autoscaler_node_groups: [awsGroup] }), { accounts }) as { args: AwsClusterArgs };
    assert.deepEqual(args, {
      clusterName: "c1",
      namePrefix: "vantage-",
      keyPair: "ops",
      region: "us-east-1",
      cloudAccount: { roleArn, externalId: "external" },
      nodeGroups: [
        {
          name: "cpu",
          role: "worker",
          minSize: 1,
          maxSize: 3,
          instanceTypes: ["t3.xlarge"],
          capacity: { onDemand: { allocationStrategy: "lowest-price" } },
        },
      ],
    });
  });

  it("takes each field of an AWS request to its place", () => {
    const group: AwsRequestGroup = {
      ...awsGroup,
      labels: { tier: "a" },
      taints: [{ key: "x", effect: "NoSchedule" }],
      allocation_strategy: "diversified",
    };
    const settings = {
      region_name: "eu-west-1",
      control_plane_instance_type: "m6i.xlarge",
      vpc_id: "vpc-1",
      subnet_id: "subnet-1",
      autoscaler_node_groups: [group],
    };
    const { args } = clusterArgs(aws(settings), { accounts }) as { args: AwsClusterArgs };
    assert.deepEqual([args.region, args.controlPlane], ["eu-west-1", { instanceType: "m6i.xlarge" }]);
    assert.deepEqual(args.network, { vpcId: "vpc-1", subnetIds: ["subnet-1"] });
    const { labels, taints, capacity } = args.nodeGroups![0]!;
    assert.deepEqual({ labels, taints }, { labels: group.labels, taints: group.taints });
    assert.deepEqual(capacity, { spot: { allocationStrategy: "diversified" } });
  });

  it("takes each field of a Cudo request to its place, and sizes of the control plane by either name", () => {
    const settings = { ssh_public_key: "ssh-ed25519 AAAA", dev_mode: true, no_vault: true };
    const { args } = clusterArgs(cudo({ ...settings, instance_type: "vantage-k8s-control-lg" }), { accounts }) as {
      args: CudoClusterArgs;
    };
    assert.deepEqual([args.controlPlane?.size, args.sshPublicKey, args.devMode], ["lg", "ssh-ed25519 AAAA", true]);
    assert.deepEqual(args.nodeGroups, [
      {
        name: "gpu",
        role: "worker",
        minSize: 1,
        maxSize: 3,
        vcpus: 8,
        memoryGib: 32,
        diskSizeGib: 100,
        dataCenterId: "us-dallas-1",
        machineType: "intel-broadwell-v100",
        gpus: 1,
        gpuModel: "V100",
      },
    ]);
    assert.deepEqual(problems(cudo({ control_plane_size: "sm", instance_type: "vantage-k8s-control-lg" })), [
      "settings.control_plane_size",
    ]);
    assert.deepEqual(problems(cudo({ no_vault: false, autoscaler_node_groups: [] })).sort(), [
      "settings.autoscaler_node_groups",
      "settings.autoscaler_node_groups",
      "settings.no_vault",
    ]);
  });

  it("accepts exactly the names that the reference allows", () => {
    const names = fc.oneof(fc.stringMatching(/^[A-Za-z0-9-]{0,130}$/), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(names, (name) => {
        const right = /^[A-Za-z0-9]([A-Za-z0-9-]{0,126}[A-Za-z0-9])?$/.test(name);
        assert.deepEqual(problems(aws({}, { name })), right ? [] : ["name"]);
      }),
    );
  });

  it("accepts exactly the sizes that the reference allows, on both clouds", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom("aws", "cudo"), ([min_size, max_size], cloud) => {
        const right = min_size >= 0 && max_size >= 1 && max_size <= 100 && min_size <= max_size;
        const found = problems(
          cloud === "aws"
            ? aws({ autoscaler_node_groups: [{ ...awsGroup, min_size, max_size }] })
            : cudo({ autoscaler_node_groups: [{ ...cudoGroup, min_size, max_size }] }),
        );
        assert.equal(found.length === 0, right);
        assert.ok(
          found.every((path) => /^settings\.autoscaler_node_groups\[0\]\.(min|max)_size$/.test(path)),
          found.join(),
        );
      }),
    );
  });

  it("takes twenty groups and no more", () => {
    const groups = (count: number) => Array.from({ length: count }, (_, index) => ({ ...awsGroup, name: `g${index}` }));
    assert.deepEqual(problems(aws({ autoscaler_node_groups: groups(20) })), []);
    assert.deepEqual(problems(aws({ autoscaler_node_groups: groups(21) })), ["settings.autoscaler_node_groups"]);
  });

  it("names each field that is missing, of another kind or unknown, and throws nothing else, whatever it is given", () => {
    assert.deepEqual(problems(aws({ key_pair: undefined as unknown as string })), ["settings.key_pair"]);
    assert.deepEqual(problems({ ...aws(), cluster_type: "slurm", secret: "short", extra: 1 }), [
      "extra",
      "cluster_type",
      "secret",
    ]);
    assert.deepEqual(problems({ ...aws(), cloud_account_id: 9 }), ["cloud_account_id"]);
    assert.deepEqual(problems(aws({ integrations: ["jupyterhub", "airflow", "jupyterhub"] })), [
      "settings.integrations[1]",
      "settings.integrations[2]",
    ]);
    const labels = { "kubernetes.io/role": "x" };
    assert.deepEqual(problems(aws({ autoscaler_node_groups: [{ ...awsGroup, labels, instance_types: ["big"] }] })), [
      'settings.autoscaler_node_groups[0].labels["kubernetes.io/role"]',
      "settings.autoscaler_node_groups[0].instance_types[0]",
    ]);
    const group = fc.record(
      Object.fromEntries(
        ["name", "role", "min_size", "max_size", "instance_types", "labels", "taints"].map((key) => [
          key,
          fc.jsonValue(),
        ]),
      ),
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(group, fc.jsonValue())), fc.jsonValue(), (autoscaler_node_groups, other) => {
        problems(aws({ autoscaler_node_groups } as unknown as AwsSettings));
        problems({ ...aws(), settings: other });
        problems({ ...cudo(), settings: { no_vault: true, autoscaler_node_groups } });
      }),
    );
  });

  it("wants a name that Slurm takes where Slurm is to run, and says so in the reference's words", () => {
    for (const name of ["Lab", "2lab"]) {
      assert.deepEqual(problems(aws({}, { name })), []);
      assert.deepEqual(problems(aws({ integrations: ["slurm"] }, { name })), ["name"]);
    }
    assert.deepEqual(problems(aws({ integrations: ["slurm"] }, { name: "lab-2" })), []);
    const groups = [{ ...awsGroup, name: "default" }];
    assert.deepEqual(problems(aws({ integrations: ["slurm"], autoscaler_node_groups: groups }, { name: "lab" })), [
      "settings.autoscaler_node_groups[0].name",
    ]);
  });

  it("brings shared storage for what stores something, and for nothing else", () => {
    const storageFor = (...names: string[]) => {
      const options = { accounts, integrations: { protect: false } };
      return (clusterArgs(aws({ integrations: names }), options).args as AwsClusterArgs).sharedStorage;
    };
    assert.deepEqual(storageFor("kuberay"), undefined);
    assert.deepEqual(storageFor("kuberay", "slurm"), { protect: false });
    assert.deepEqual(storageFor("jupyterhub"), { protect: false });
  });

  it("makes the cluster with the request's names", async () => {
    const registered = await mockProgram(cloud, false, { ...functions, ...securityGroups([], []) });
    const cluster = await createCluster("request", aws({ autoscaler_node_groups: [] }), { accounts });
    assert.ok(cluster instanceof AwsCluster);
    assert.equal(await valueOf(cluster.clusterName), "c1");
    await valueOf(cluster.endpoint);
    await settled();
    const roles = registered.all("aws:iam/role:Role").map(({ inputs }) => (inputs as { name: string }).name);
    assert.ok(roles.includes("vantage-c1-node-role"));
  });

  it("refuses a name that another stack has, and not its own", async () => {
    const made = async (all: string[], own: string[]) => {
      await mockProgram(cloud, false, { ...functions, ...securityGroups(all, own) });
      await valueOf((await createCluster("request", aws(), { accounts })).endpoint);
      await settled();
    };
    await made(["sg-1"], ["sg-1"]);
    await assert.rejects(made(["sg-1", "sg-2"], ["sg-1"]), (error: Error) => {
      assert.ok(error instanceof ClusterNameInUse);
      assert.match(error.message, /"c1" is the name of another cluster \(with the security groups sg-2\)/);
      return true;
    });
  });

  describe("with an identity provider and a deployer", () => {
    const identity = { realm: "lab" };
    const deployer = { baseUrl: "https://c1.clusters.example.com/vdeployer", settings: { vantage_url: "https://v" } };
    const services = {
      "gpu-clusters:keycloak:OAuth2Client": ({ inputs }: { inputs: object }) => ({
        secret: pulumi.secret("made-by-the-provider-1234"),
        ...inputs,
        issuer: "https://sso/realms/lab",
      }),
      "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
    };

    it("makes the client first, then the cluster, and tells the deployer last", async () => {
      const registered = await mockProgram({ ...cloud, ...services }, false, {
        ...functions,
        ...securityGroups([], []),
      });
      const cluster = await createCluster("request", aws(), { accounts, identity, deployer });
      assert.equal(await valueOf(cluster.status), "ready");
      await settled();
      const order = registered.resources.map(({ type }) => type).filter((type) => !type.startsWith("pulumi:"));
      assert.equal(order[0], "gpu-clusters:keycloak:OAuth2Client");
      const [notified, ready] = ["vantage:ReadyNotification", "kubernetes:NodesReady"].map((type) =>
        order.lastIndexOf(`gpu-clusters:${type}`),
      );
      assert.ok(ready! >= 0 && notified! > ready!, order.join());
      assert.deepEqual(registered.inputs("gpu-clusters:keycloak:OAuth2Client"), { clientId: "c1", ...identity });
      const { settings, ...told } = plain(registered.inputs("gpu-clusters:vantage:ReadyNotification")) as Record<
        string,
        unknown
      >;
      assert.deepEqual(JSON.parse(settings as string), {
        vantage_url: "https://v",
        provider: "aws",
        cluster_name: "c1",
        keycloak_client_id: "c1",
        keycloak_client_secret: "made-by-the-provider-1234",
      });
      assert.deepEqual([told["baseUrl"], told["status"], told["clientId"]], [deployer.baseUrl, "ready", "c1"]);
    });

    it("registers the same at a preview, where no answer is known", async () => {
      const registered = await mockProgram({ ...cloud, ...services }, true, {
        ...functions,
        ...securityGroups([], []),
      });
      await createCluster("request", aws(), { accounts, identity, deployer });
      await settled();
      assert.equal(registered.all("gpu-clusters:vantage:ReadyNotification").length, 1);
    });

    it("gives the client the request's own secret", async () => {
      const secret = "chosen-by-the-caller-123";
      const registered = await mockProgram({ ...cloud, ...services }, false, {
        ...functions,
        ...securityGroups([], []),
      });
      await createCluster("request", { ...aws(), secret }, { accounts, identity });
      await settled();
      const client = plain(registered.inputs("gpu-clusters:keycloak:OAuth2Client")) as { secret: string };
      assert.equal(client.secret, secret);
      assert.deepEqual(registered.all("gpu-clusters:vantage:ReadyNotification"), []);
    });

    it("puts the integrations into the cluster, with its client and its groups, before it tells the deployer", async () => {
      const outputs = {
        ...cloud,
        ...services,
        "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
        "gpu-clusters:kubernetes:ObjectReady": () => ({ status: "ready" }),
        "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: "00" }),
      };
      const registered = await mockProgram(outputs, false, { ...functions, ...securityGroups([], []) });
      const taints = [{ key: "team", value: "a", effect: "NoSchedule" as const }];
      const wanted = aws({
        integrations: ["jupyterhub", "kuberay", "slurm"],
        autoscaler_node_groups: [{ ...awsGroup, taints }],
      });
      const integrations = { jupyterhubUrl: "https://hub.example.com" };
      const cluster = await createCluster("request", wanted, { accounts, identity, deployer, integrations });
      await valueOf(cluster.status);
      await settled();
      const types = ["JupyterHub", "KubeRay", "Slurm"].map((name) => `gpu-clusters:addons:${name}`);
      for (const type of types) assert.equal(registered.all(type).length, 1, type);
      const { redirectUris } = plain(registered.inputs("gpu-clusters:keycloak:OAuth2Client")) as Record<
        string,
        unknown
      >;
      assert.deepEqual(redirectUris, ["https://hub.example.com/hub/oauth_callback"]);
      const hub = plain(registered.resources.find(({ name }) => name === "request-jupyterhub-release")!.inputs);
      const text = JSON.stringify(hub);
      assert.ok(text.includes('"client_id":"c1"') && text.includes('"storageClass":"shared"'), text);
      assert.ok(registered.isProtected("request-jupyterhub-namespace"));
      const slurm = JSON.stringify(
        plain(registered.resources.find(({ name }) => name === "request-slurm-slurm")!.inputs),
      );
      assert.ok(slurm.includes('"key":"team"') && slurm.includes('"clusterName":"c1"'), slurm);
      const awaited = registered.dependenciesOf("request-ready");
      for (const name of ["request-jupyterhub-release", "request-kuberay-operator", "request-slurm-controller"])
        assert.ok(awaited.includes(name), name);
    });

    it("says what the integration of JupyterHub needs, before anything is made", async () => {
      const registered = await mockProgram({ ...cloud, ...services }, false, functions);
      const wanted = aws({ integrations: ["jupyterhub"] });
      await assert.rejects(createCluster("r", wanted, { accounts }), (error: Error) => {
        assert.match(
          error.message,
          /2 invalid inputs\n {2}identity: is required .*\n {2}integrations\.jupyterhubUrl: is req/,
        );
        return true;
      });
      assert.deepEqual(registered.resources, []);
    });

    it("gives machines on Cudo the Vault of who makes clusters", async () => {
      pulumi.runtime.setConfig("gpu-clusters:vault", JSON.stringify({ token: "hvs.TOKEN" }));
      const registered = await mockProgram({ ...cloud, ...services }, true, functions);
      const vault = { address: "https://vault.example.com:8200" };
      await createCluster("r", cudo({ no_vault: false }), { accounts, vault });
      await settled();
      assert.match(JSON.stringify(registered.inputs("gpu-clusters:cudo:CudoCluster")), /vault\.example\.com/);
    });

    it("finds what is invalid before the client is made, and an account without a role after", async () => {
      const registered = await mockProgram({ ...cloud, ...services }, false, functions);
      const invalid = createCluster("r", aws({}, { name: "-" }), { accounts, identity });
      await assert.rejects(invalid, InvalidInput);
      await assert.rejects(createCluster("r", aws(), { accounts, deployer }), /deployer: needs identity/);
      assert.deepEqual(registered.resources, []);
      const roleless = createCluster("r", aws({}, { cloud_account_id: 3 }), { accounts, identity });
      await assert.rejects(roleless, ClusterCouldNotBeDeployed);
      assert.deepEqual(registered.types(), ["gpu-clusters:keycloak:OAuth2Client"]);
    });
  });

  it("says when the account has no role, after everything else is right", async () => {
    await mockProgram(cloud, false, functions);
    await assert.rejects(createCluster("r", aws({}, { cloud_account_id: 3 }), { accounts }), ClusterCouldNotBeDeployed);
    await assert.rejects(createCluster("r", aws({}, { cloud_account_id: 3, name: "-" }), { accounts }), InvalidInput);
  });
});
