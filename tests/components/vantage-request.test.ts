import assert from "node:assert/strict";
import fc from "fast-check";
import type { AwsClusterArgs } from "../../components/aws/args";
import type { CudoClusterArgs } from "../../components/cudo/args";
import { InvalidInput } from "../../components/errors";
import { clusterArgs } from "../../components/vantage/mapping";
import type { AwsRequestGroup, AwsSettings, CreateClusterRequest } from "../../components/vantage/request";
import { sshPublicKey } from "./public-key";
import { accounts, aws, awsGroup, cudo, cudoGroup, roleArn } from "./vantage-scene";

function problems(request: unknown): string[] {
  try {
    clusterArgs(request as CreateClusterRequest, { accounts });
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInput, String(error));
    return error.errors.map(({ propertyPath }) => propertyPath);
  }
}

const sizes = fc.tuple(fc.integer({ min: -1, max: 102 }), fc.integer({ min: -1, max: 102 }));

describe("the create-cluster request", () => {
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
    const settings = { ssh_public_key: sshPublicKey, dev_mode: true, no_vault: true };
    const { args } = clusterArgs(cudo({ ...settings, instance_type: "vantage-k8s-control-lg" }), { accounts }) as {
      args: CudoClusterArgs;
    };
    assert.deepEqual([args.controlPlane?.size, args.sshPublicKey, args.devMode], ["lg", sshPublicKey, true]);
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
});

describe("what a create-cluster request is refused for", () => {
  it("is told by the fields that it has, once, and an account's by the account's", () => {
    const group = (changes: object) => cudo({ no_vault: true, autoscaler_node_groups: [{ ...cudoGroup, ...changes }] });
    assert.deepEqual(problems(group({ id: "UPPER" })), ["settings.autoscaler_node_groups[0].id"]);
    assert.deepEqual(problems(group({ boot_disk_size_gib: 1 })), [
      "settings.autoscaler_node_groups[0].boot_disk_size_gib",
    ]);
    assert.deepEqual(problems(cudo({ no_vault: true, autoscaler_node_groups: [] })), [
      "settings.autoscaler_node_groups",
    ]);
    for (const subnet_id of ["subnet", "subnet-1\n", "subnet-1\u200b"])
      assert.deepEqual(problems(aws({ subnet_id, vpc_id: "vpc-1" })), ["settings.subnet_id"]);
    assert.deepEqual(problems(aws({ vpc_id: "vpc-1 " })), ["settings.vpc_id"]);
    for (const secret of [" ".repeat(24), `${"s".repeat(24)}\n`, "\u200b".repeat(24)])
      assert.deepEqual(problems({ ...aws({}), secret }), ["secret"]);
  });

  it("is an account of a cloud that nobody knows, or whose role is none", () => {
    const { cloud_account_id: id } = aws({});
    const refused = (account: unknown) => {
      try {
        clusterArgs(aws({}), { accounts: { [id]: account } as never });
        return [];
      } catch (error) {
        assert.ok(error instanceof InvalidInput, String(error));
        return error.errors.map(({ propertyPath }) => propertyPath);
      }
    };
    for (const account of [{}, { provider: "AWS" }, { provider: "toString" }, "aws", 1])
      assert.deepEqual(refused(account), [`accounts[${id}].provider`]);
    assert.deepEqual(refused({ provider: "aws", role_arn: `${roleArn}\n` }), [`accounts[${id}].role_arn`]);
    assert.deepEqual(refused({ provider: "aws", role_arn: roleArn, external_id: "" }), [`accounts[${id}].external_id`]);
  });
});
