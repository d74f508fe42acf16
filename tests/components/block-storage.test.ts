import assert from "node:assert/strict";
import { blockClass } from "../../components/addons/block-storage/place";
import { controlPlanePolicy, type PolicyDocument } from "../../components/aws/policies";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { Admission } from "./admission";
import { deployed, inputs } from "./aws-scene";
import { isAllowed, type IamRequest } from "./iam";
import { plain, type Registered } from "./mocks";

interface Pod {
  hostNetwork: boolean;
  dnsPolicy?: string;
  nodeSelector?: Record<string, string>;
  tolerations: object[];
  automountServiceAccountToken?: boolean;
  containers: { name: string; args: string[]; env?: { name: string; value: string }[] }[];
}
const podOf = (registered: Registered, name: string) =>
  (inputs(registered, name)["spec"] as { template: { spec: Pod } }).template.spec;

/** What the add-on makes in the cluster. */
function objects(registered: Registered): KubernetesObject[] {
  return registered.resources
    .filter(({ name, type }) => name.startsWith("train-ebs-") && type.startsWith("kubernetes:"))
    .map(({ inputs }) => plain(inputs) as KubernetesObject);
}

describe("block storage on AWS", () => {
  it("is in every cluster: claims without a class get encrypted gp3 volumes where their pods are", async () => {
    const { registered } = await deployed();
    const { metadata, provisioner, parameters, volumeBindingMode, allowVolumeExpansion } = inputs(
      registered,
      "train-ebs-gp3",
    );
    assert.deepEqual(metadata, {
      name: "gp3",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    });
    assert.deepEqual(parameters, { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" });
    assert.deepEqual(
      [provisioner, volumeBindingMode, allowVolumeExpansion],
      ["ebs.csi.aws.com", "WaitForFirstConsumer", true],
    );
    const { cluster } = await deployed();
    assert.equal(blockClass.get(cluster), "gp3", "services of the program know of it");
  });

  it("acts from the control plane with its machine's role and network, and nodes ask the cluster for nothing", async () => {
    const { registered } = await deployed({ tags: { team: "search", "kubernetes.io/x": "y", "a=b": "c" } });
    const controller = podOf(registered, "train-ebs-controller");
    assert.deepEqual(
      [controller.hostNetwork, controller.dnsPolicy, controller.nodeSelector],
      [true, "Default", { "node-role.kubernetes.io/control-plane": "" }],
    );
    const driver = controller.containers.find(({ name }) => name === "ebs-plugin")!;
    assert.deepEqual(driver.env, [{ name: "AWS_REGION", value: "us-west-2" }]);
    const given = driver.args.find((each) => each.startsWith("--extra-tags="))!;
    assert.match(given, /^--extra-tags=team=search,gpu-clusters\/cluster=train,gpu-clusters\/stack=[^,]+$/);
    const node = podOf(registered, "train-ebs-nodes");
    assert.deepEqual([node.hostNetwork, node.tolerations], [true, [{ operator: "Exists" }]]);
    const account = inputs(registered, "train-ebs-ebs-csi-node");
    assert.equal(account["automountServiceAccountToken"], false);
    assert.ok(node.automountServiceAccountToken === undefined);
  });

  it("goes after the groups, whose last volumes are detached and deleted by it", async () => {
    const { registered } = await deployed();
    assert.ok(registered.dependenciesOf("train-gpu").includes("train-ebs-volumes"));
    // Pulumi asks nothing to go whose cluster goes too.
    assert.deepEqual(
      ["train-ebs-gp3", "train-ebs-volumes"].map((name) => registered.deletedWith(name)),
      ["train-api-server", undefined],
    );
    assert.ok(registered.dependenciesOf("train-ebs-volumes").includes("train-ebs-gp3"));
    assert.ok(registered.dependenciesOf("train-ebs-gp3").includes("train-ebs-controller"));
    const { clusterName, driver, hint } = inputs(registered, "train-ebs-volumes");
    assert.deepEqual([clusterName, driver], ["train", "ebs.csi.aws.com"]);
    assert.equal(hint, "aws ec2 delete-volume --region us-west-2 --volume-id <id>");
    assert.ok(!registered.dependenciesOf("train-ebs-controller").includes("train-gpu"));
  });

  it("is left out where it is not wanted, with the rights for it", async () => {
    const { registered } = await deployed({ blockStorage: false });
    assert.deepEqual(objects(registered), []);
    const { policy } = inputs(registered, "train-control-plane-policy");
    assert.doesNotMatch(String(policy), /Volume/);
  });

  describe("by IAM", () => {
    const parameter = "arn:aws:ssm:us-west-2:123456789012:parameter/gpu-clusters/train/x";
    const common = {
      clusterName: "train",
      keysParameter: parameter,
      joinParameter: parameter,
      kubernetesTag: undefined,
    };
    const kmsKey = "arn:aws:kms:us-west-2:123456789012:key/1";
    const document: PolicyDocument = controlPlanePolicy({ ...common, kmsKey, blockStorage: true });
    const volume = "arn:aws:ec2:us-west-2:123456789012:volume/vol-1";
    const instance = "arn:aws:ec2:us-west-2:123456789012:instance/i-1";
    const own = { "gpu-clusters/cluster": "train" };
    const foreign = { "gpu-clusters/cluster": "other" };

    it("makes volumes with the cluster's mark, and does with them what the driver does", () => {
      const needed: IamRequest[] = [
        { action: "ec2:DescribeVolumes", resource: "*" },
        { action: "ec2:CreateVolume", resource: volume, requestTags: own },
        { action: "ec2:CreateTags", resource: volume, requestTags: own, createAction: "CreateVolume" },
        ...["DeleteVolume", "ModifyVolume", "AttachVolume", "DetachVolume"].map((action) => ({
          action: `ec2:${action}`,
          resource: volume,
          resourceTags: own,
        })),
        ...["AttachVolume", "DetachVolume"].map((action) => ({
          action: `ec2:${action}`,
          resource: instance,
          resourceTags: own,
        })),
      ];
      assert.deepEqual(
        needed.filter((request) => !isAllowed(document, request)),
        [],
      );
    });

    it("touches nobody else's, nor makes them its own", () => {
      const attacks: IamRequest[] = [
        { action: "ec2:CreateVolume", resource: volume },
        { action: "ec2:CreateVolume", resource: volume, requestTags: foreign },
        { action: "ec2:CreateTags", resource: volume, requestTags: own, resourceTags: foreign },
        { action: "ec2:CreateTags", resource: volume, requestTags: own, createAction: "CreateSnapshot" },
        ...["DeleteVolume", "ModifyVolume", "AttachVolume", "DetachVolume"].map((action) => ({
          action: `ec2:${action}`,
          resource: volume,
          resourceTags: foreign,
        })),
        { action: "ec2:AttachVolume", resource: instance, resourceTags: foreign },
        { action: "ec2:CreateSnapshot", resource: volume, resourceTags: own },
      ];
      assert.deepEqual(
        attacks.filter((request) => isAllowed(document, request)),
        [],
      );
    });
  });

  describe("on a real API server", function () {
    this.timeout(300_000);
    const server = new Admission();

    it("is admitted, object by object, with strict validation, and is the class of claims that name none", async () => {
      const { registered } = await deployed();
      const made = objects(registered);
      assert.equal(made.length, 10);
      await server.admits(made);
      const claim = await server.api.apply(
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "data", namespace: "default" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        } as KubernetesObject,
        { fieldManager: "test" },
      );
      assert.equal((claim as unknown as { spec: { storageClassName: string } }).spec.storageClassName, "gp3");
    });
  });
});
