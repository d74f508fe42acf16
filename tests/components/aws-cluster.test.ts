import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import type { AwsClusterArgs } from "../../components/aws/args";
import { AwsCluster } from "../../components/aws/cluster";
import { cloud, deployed, functions, group, inputs, minimal, scriptOf, secretValues } from "./aws-scene";
import { awsFunctions, awsResourceTypes } from "./aws-tokens";
import { mockProgram, settled, valueOf, plain } from "./mocks";

describe("components/aws", () => {
  it("makes a network, identities, a control plane and its groups, all named after the cluster", async () => {
    const { registered } = await deployed();
    assert.ok(registered.resources.every(({ name }) => name === "train" || name.startsWith("train-")));
    const count = (type: string) => registered.all(type).length;
    assert.deepEqual(
      ["aws:ec2/subnet:Subnet", "aws:ec2/natGateway:NatGateway", "aws:iam/role:Role", "aws:ec2/instance:Instance"].map(
        count,
      ),
      [6, 1, 2, 1],
    );
    const instance = inputs(registered, "train-control-plane");
    assert.deepEqual(
      [instance["instanceType"], instance["ami"], instance["keyName"], instance["subnetId"]],
      ["t3.xlarge", "ami-x86_64", "ops", "train-network-public-1-id"],
    );
    assert.deepEqual(instance["metadataOptions"], {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      // Where an account's default shows them, EC2 refuses keys with a slash.
      instanceMetadataTags: "disabled",
    });
    assert.equal((instance["rootBlockDevice"] as { encrypted: boolean }).encrypted, true);
  });

  it("uses no type or function of AWS but those listed", async () => {
    const used = new Set<string>();
    const forms: Partial<AwsClusterArgs>[] = [
      { network: { nat: "perZone" }, sshAccessCidrs: ["203.0.113.0/24"] },
      { network: { vpcId: "vpc-there" }, controlPlane: { count: 3 } },
      { nodeGroups: [{ ...group, placementGroup: "partition" }] },
    ];
    for (const form of forms) {
      const { registered } = await deployed(form);
      for (const token of [...registered.types(), ...registered.calls]) if (token.startsWith("aws:")) used.add(token);
    }
    // Asked for the create-cluster request, and of a program's own provider.
    used.add("aws:index/getDefaultTags:getDefaultTags");
    used.add("aws:ec2/getSecurityGroups:getSecurityGroups");
    assert.deepEqual([...used].sort(), [...awsResourceTypes, ...awsFunctions].sort());
  });

  it("gives the names and tags of the create-cluster request under its prefix", async () => {
    const { registered } = await deployed({ clusterName: "c1", namePrefix: "vantage-" });
    const names = registered.resources.flatMap(({ type, inputs }) =>
      /iam\/(role|instanceProfile):|launchTemplate/.test(type) ? [String((inputs as { name: unknown }).name)] : [],
    );
    for (const wanted of ["vantage-c1-node-role", "vantage-c1-instance-profile", "vantage-c1-gpu"]) {
      assert.ok(names.includes(wanted), wanted);
    }
    const { tags } = inputs(registered, "train-control-plane") as { tags: Record<string, string> };
    assert.equal(tags["Name"], "vantage-c1-control-plane");
    assert.equal(tags["vantage-cluster"], "c1");
  });

  it("tags everything that can carry tags, and the machines of a group as its fleet looks for them", async () => {
    const { registered } = await deployed({
      tags: { team: "search" },
      network: { nat: "perZone" },
      controlPlane: { count: 3 },
    });
    const untaggable = /:(Route|RouteTableAssociation|EipAssociation|RolePolicy|TargetGroupAttachment)$/;
    for (const { type, name, inputs: given } of registered.resources) {
      if (!type.startsWith("aws:") || untaggable.test(type)) continue;
      const { tags } = plain(given) as { tags?: Record<string, string> };
      assert.deepEqual([tags?.["gpu-clusters/cluster"], tags?.["team"]], ["train", "search"], `${type} ${name}`);
    }
    const template = inputs(registered, "train-gpu-template") as {
      tagSpecifications: { resourceType: string; tags: Record<string, string> }[];
    };
    assert.deepEqual(
      template.tagSpecifications.map(({ resourceType }) => resourceType),
      ["instance", "volume"],
    );
    // Without it, AWS's cloud controller manager passes the machine over.
    assert.equal(template.tagSpecifications[0]!.tags["kubernetes.io/cluster/train"], "owned");
    for (const { tags } of template.tagSpecifications) assert.equal(tags["team"], "search");
    assert.equal(template.tagSpecifications[0]!.tags["gpu-clusters/node-group"], "gpu");
  });

  it("bounds the machines' roles, and looks whether their names are free", async () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/boundary";
    const { registered } = await deployed({ permissionsBoundary });
    for (const name of ["train-node-role", "train-control-plane-role"])
      assert.equal(inputs(registered, name)["permissionsBoundary"], permissionsBoundary);
    const { roleNames, ownTags, clusterName } = inputs(registered, "train-account");
    assert.equal(clusterName, "train");
    assert.deepEqual(roleNames, ["train-control-plane-role", "train-node-role"]);
    assert.deepEqual(ownTags, { "gpu-clusters/stack": "project/stack" });
  });

  it("refuses GPUs that the image's driver does not know, ranges with host bits, and an API for nobody", () => {
    const old = { ...group, instanceTypes: ["p3.2xlarge"] };
    assert.throws(
      () => new AwsCluster("train", { ...minimal, nodeGroups: [old] }),
      /nodeGroups\[0\].image: .*open driver/,
    );
    assert.throws(
      () => new AwsCluster("train", { ...minimal, apiServerAccessCidrs: [], sshAccessCidrs: ["10.1.2.3/8"] }),
      /apiServerAccessCidrs: must name at least one.*10.1.2.3\/8" has bits beyond its prefix.*10.0.0.0\/8 is the range/s,
    );
  });

  it("gives machines no policy but the cluster's own", async () => {
    const { registered } = await deployed();
    assert.deepEqual(
      registered.types().filter((type) => type.startsWith("aws:iam")),
      [
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/role:Role",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicy:RolePolicy",
      ],
    );
  });

  it("makes at most three resources per group, and one more for a placement group", async () => {
    const without = { gpu: false, autoscaler: false };
    const none = (await deployed({ nodeGroups: [], ...without })).registered.resources.length;
    // What AWS says of the groups' types is one resource.
    const asking = 1;
    for (const [most, form] of [[3, {}] as const, [4, { placementGroup: "partition" }] as const]) {
      const groups = Array.from({ length: 20 }, (_, index) => ({ ...group, ...form, name: `g${index}` }));
      const { registered } = await deployed({ nodeGroups: groups, ...without });
      const perGroup = (registered.resources.length - none - asking) / groups.length;
      assert.ok(perGroup <= most, `${perGroup} with ${JSON.stringify(form)}`);
    }
  });

  it("has no secret in user data", async () => {
    const { registered } = await deployed();
    const userData = [
      inputs(registered, "train-control-plane")["userDataBase64"],
      inputs(registered, "train-gpu-template")["userData"],
    ];
    for (const text of userData) {
      for (const secret of secretValues) assert.ok(!scriptOf(text).includes(secret), secret);
    }
  });

  it("tells machines where to find their secrets, and the API server's certificate its public address", async () => {
    const { registered } = await deployed();
    const controlPlane = nodeDocumentFromScript(String(inputs(registered, "train-control-plane")["userDataBase64"]));
    assert.deepEqual(controlPlane?.controlPlane?.certificateNames, ["kubernetes", "203.0.113.7"]);
    assert.deepEqual((controlPlane as { secrets?: unknown }).secrets, {
      source: "aws-ssm",
      parameter: "/gpu-clusters/train/control-plane-keys",
      joinParameter: "/gpu-clusters/train/join",
    });
    const worker = nodeDocumentFromScript(String(inputs(registered, "train-gpu-template")["userData"]));
    assert.equal(worker?.endpoint, "https://10.0.192.4:6443");
    assert.equal(worker?.kubernetesVersion, "1.36.3");
    assert.deepEqual(worker?.gpu, { vendor: "nvidia", count: 4, model: "A10G" });
    assert.deepEqual(worker?.labels, {
      tier: "gpu",
      "gpu-clusters/cluster": "train",
      "gpu-clusters/gpu": "a10g",
      "gpu-clusters/node-group": "gpu",
      "gpu-clusters/role": "worker",
      "nvidia.com/gpu.present": "true",
      "skypilot.co/accelerator": "a10g",
    });
  });

  it("deletes what controllers made for Services after the control plane, and before the network", async () => {
    for (const args of [{}, { cloudControllerManager: false, namePrefix: "p-", region: "eu-west-1" }] as const) {
      const { registered } = await deployed(args);
      const sweep = "train-service-load-balancers";
      const { clusterName, vpcId } = inputs(registered, sweep);
      assert.equal(clusterName, "namePrefix" in args ? "p-train" : "train");
      assert.equal(vpcId, "train-network-vpc-id");
      const before = registered.dependenciesOf(sweep);
      for (const part of ["vpc", "public-1", "private-3"]) assert.ok(before.includes(`train-network-${part}`), part);
      assert.ok(before.includes("train-nodes-among-themselves"));
      for (const part of ["control-plane", "control-plane-address"])
        assert.ok(registered.dependenciesOf(`train-${part}`).includes(sweep), part);
    }
    const { registered } = await deployed({ controlPlane: { count: 3 } });
    for (const part of ["balancer", "inner-balancer", "1", "3"])
      assert.ok(registered.dependenciesOf(`train-control-plane-${part}`).includes("train-service-load-balancers"));
  });

  it("keeps its number of control planes and its network, and makes nothing of them before that is checked", async () => {
    const network = { zones: ["us-west-2b", "us-west-2a"], cidr: "10.7.0.0/16" };
    const { registered } = await deployed({ controlPlane: { count: 3 }, network });
    const always = {
      clusterName: "train",
      namePrefix: '""',
      "the AWS account": "123456789012",
      region: "us-west-2",
      "architecture of controlPlane.instanceType": "x86_64",
    };
    const { told, ...lasting } = inputs(registered, "train-choices");
    assert.deepEqual(Object.keys(told as object).sort(), [
      "controlPlane.instanceType",
      "gpuMode",
      'gpuSharing of nodeGroups "gpu"',
    ]);
    const ofType = (of: unknown) =>
      (of as Record<string, { value: string; meaning: string }>)["controlPlane.instanceType"]!;
    assert.match(ofType(told).meaning, /^the three machines stop for it, one after the other/);
    // So they do: each turn stands between two machines.
    const turns = [1, 2, 3].map((number) => `train-control-plane-${number}-turn`);
    for (const [index, turn] of turns.entries()) {
      assert.deepEqual(inputs(registered, turn)["machines"], 3);
      assert.ok(registered.dependenciesOf(`train-control-plane-${index + 1}`).includes(turn));
      if (index > 0) assert.ok(registered.dependenciesOf(turn).includes(`train-control-plane-${index}`));
    }
    assert.deepEqual(lasting, {
      clusterName: "train",
      choices: {
        ...always,
        "controlPlane.count": "3",
        "controlPlane.publicAddress": "true",
        "network.vpcId": "a new one",
        "network.subnetIds": "new ones",
        "network.cidr": "10.7.0.0/16",
        "network.zones": "us-west-2b, us-west-2a",
        "network.nat": "single or perZone",
        podCidr: "10.244.0.0/16",
        serviceCidr: "10.96.0.0/12",
      },
      least: { "controlPlane.diskSizeGib": 100 },
    });
    assert.ok(registered.ignoredChangesOf("train-control-plane-1").includes("keyName"));
    for (const part of ["network-vpc", "control-plane-balancer", "control-plane-inner-balancer", "control-plane-2"])
      assert.ok(registered.dependenciesOf(`train-${part}`).includes("train-choices"), part);
    const existing = await deployed({ network: { vpcId: "vpc-there" }, podCidr: "10.128.0.0/16" });
    const one = inputs(existing.registered, "train-choices");
    assert.match(ofType(one["told"]).meaning, /^its machine stops for it/);
    assert.deepEqual(one["choices"], {
      ...always,
      "controlPlane.count": "1",
      "controlPlane.publicAddress": "true",
      "network.vpcId": "vpc-there",
      podCidr: "10.128.0.0/16",
      serviceCidr: "10.96.0.0/12",
    });
    const named = await deployed({ network: { subnetIds: ["subnet-a", "subnet-public"] } });
    const { choices } = inputs(named.registered, "train-choices") as { choices: Record<string, string> };
    assert.equal(choices["network.subnetIds"], "those of a network that exists");
    // Where a machine began, it stays, whatever subnets are chosen by then.
    assert.ok(named.registered.ignoredChangesOf("train-control-plane").includes("subnetId"));
    assert.ok(existing.registered.dependenciesOf("train-control-plane-address").includes("train-choices"));
  });

  it("computes one kubeconfig with the administrator's certificate and one without any credential", async () => {
    const { cluster } = await deployed();
    type Kubeconfig = { clusters: { cluster: { server: string } }[]; users: { user: { exec?: { args: string[] } } }[] };
    const kubeconfig = parse(await valueOf(cluster.kubeconfig)) as Kubeconfig;
    assert.equal(kubeconfig.clusters[0]!.cluster.server, "https://203.0.113.7:6443");
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    const text = await valueOf(cluster.kubeconfigExec);
    assert.equal(
      (parse(text) as Kubeconfig).users[0]!.user.exec!.args.join(" "),
      "ssm get-parameter --region us-west-2 --name /gpu-clusters/train/admin-credential --with-decryption --query Parameter.Value --output text",
    );
    for (const secret of secretValues) assert.ok(!text.includes(Buffer.from(secret).toString("base64")), secret);
    assert.equal(await valueOf(cluster.nodeRoleArn), "arn:aws:iam::123456789012:role/train-node-role");
    assert.equal((await valueOf(cluster.subnetIds)).length, 3);
  });

  it("registers the same resources at preview, with everything unknown, as in the real run", async () => {
    const groups = [group, { ...group, name: "more" }];
    for (const count of [1, 3] as const) {
      const args: AwsClusterArgs = { ...minimal, nodeGroups: groups, cni: "flannel", controlPlane: { count } };
      const real = await mockProgram(cloud, false, functions);
      await valueOf(new AwsCluster("train", args).status);
      await settled();
      const preview = await mockProgram({}, true, functions);
      const cluster = new AwsCluster("train", args);
      await Promise.all([valueOf(cluster.urn), settled()]);
      assert.deepEqual(preview.names(), real.names());
    }
  });

  it("lets machines reach each other at every port of every protocol: Cilium wants UDP 8472 and TCP 4240, flannel UDP 8472", async () => {
    const { registered } = await deployed({});
    const group = "train-nodes-id";
    const rule = inputs(registered, "train-nodes-among-themselves");
    assert.equal(rule["ipProtocol"], "-1");
    assert.equal(rule["securityGroupId"], group);
    assert.equal(rule["referencedSecurityGroupId"], group);
    assert.deepEqual([rule["fromPort"], rule["toPort"]], [undefined, undefined]);
    for (const machine of ["train-control-plane", "train-gpu-template"]) {
      const { vpcSecurityGroupIds } = inputs(registered, machine) as { vpcSecurityGroupIds: string[] };
      assert.ok(vpcSecurityGroupIds.includes(group), machine);
    }
  });

  it("opens the API only to the ranges given, and port 22 only when asked to", async () => {
    const ports = async (args: Partial<AwsClusterArgs>) => {
      const { registered } = await deployed(args);
      return registered
        .all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        .flatMap(({ inputs }) => {
          const rule = inputs as { fromPort?: number; cidrIpv4?: string };
          return rule.cidrIpv4 ? [`${rule.fromPort} ${rule.cidrIpv4}`] : [];
        })
        .sort();
    };
    assert.deepEqual(await ports({}), ["6443 0.0.0.0/0"]);
    assert.deepEqual(await ports({ apiServerAccessCidrs: ["203.0.113.0/24"], sshAccessCidrs: ["198.51.100.0/24"] }), [
      "22 198.51.100.0/24",
      "6443 203.0.113.0/24",
    ]);
  });

  it("makes nothing of a network that exists, and uses one private subnet of each zone", async () => {
    const { registered, cluster } = await deployed({ network: { vpcId: "vpc-there" } });
    assert.equal(
      registered.types().filter((type) => /^aws:.*(vpc:Vpc|subnet|route|nat|gateway)/i.test(type)).length,
      0,
    );
    assert.deepEqual(await valueOf(cluster.subnetIds), ["subnet-a", "subnet-b"]);
    assert.equal(inputs(registered, "train-control-plane")["subnetId"], "subnet-public");
    assert.deepEqual(inputs(registered, "train-network-subnets"), {
      vpcId: "vpc-there",
      apart: { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" },
    });
    assert.ok(registered.dependenciesOf("train-network-subnets").includes("train-choices"));
  });

  it("puts nodes into public subnets where there is no NAT gateway", async () => {
    const { registered, cluster } = await deployed({ network: { nat: "none", zones: ["us-west-2b"] } });
    assert.equal(registered.all("aws:ec2/natGateway:NatGateway").length, 0);
    assert.deepEqual(await valueOf(cluster.subnetIds), ["train-network-public-1-id"]);
  });

  it("reports every wrong field at once, by the user's own path, and registers nothing", async () => {
    const registered = await mockProgram(cloud, false, functions);
    const wrong = {
      clusterName: "-bad-",
      kubernetesVersion: "1.20",
      controlPlane: { count: 2, instanceType: "large" },
      network: { cidr: "10.244.0.0/20", nat: "some" },
      tags: { "aws:x": "y" },
      nodeGroups: [
        {
          ...group,
          minSize: 5,
          maxSize: 2,
          capacity: { onDemand: { allocationStrategy: "diversified" } },
          instanceTypes: ["g5.xlarge", "m5.xlarge"],
        },
        { ...group, capacity: { onDemand: {}, spot: { onDemandBase: 3 } }, instanceTypes: [] },
      ],
    } as unknown as AwsClusterArgs;
    assert.throws(
      () => new AwsCluster("train", wrong),
      (error: pulumi.InputPropertiesError) => {
        assert.deepEqual(
          error.errors.map((problem) => problem.propertyPath),
          [
            "network.nat",
            "nodeGroups[0].capacity.onDemand.allocationStrategy",
            "keyPair",
            "clusterName",
            "kubernetesVersion",
            "controlPlane.instanceType",
            "controlPlane.count",
            'tags["aws:x"]',
            "nodeGroups[1].name",
            "nodeGroups[0].minSize",
            "nodeGroups[0].instanceTypes",
            "nodeGroups[1].instanceTypes",
            "nodeGroups[1].capacity",
            "nodeGroups[1].capacity.spot.onDemandBase",
            "network.cidr",
          ],
        );
        return true;
      },
    );
    await settled();
    assert.deepEqual(registered.names(), []);
  });
});
