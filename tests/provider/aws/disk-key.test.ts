import {
  CreateGrantCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import assert from "node:assert/strict";
import { EngineResource, type Plugin } from "../server/harness";
import { makeTemplate, region, startScene, startScenePlugin, type Scene } from "./scene";

const fleetRole = "arn:aws:iam::123456789012:role/aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet";
const needed = [
  ...(["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"] as const),
  ...(["GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"] as const),
];

describe("an account whose disks have a key of the customer's", () => {
  let scene: Scene;
  let plugin: Plugin;
  let kms: KMSClient;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startScenePlugin(scene);
    kms = new KMSClient({ region, endpoint: scene.simulator.endpoint });
  });
  after(async () => {
    kms.destroy();
    await plugin.stop();
    await scene.close();
  });
  afterEach(async () => {
    await scene.simulator.setAccount({ ebsKey: null });
    await scene.simulator.clearFaults();
  });

  async function diskKey(): Promise<string> {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await scene.simulator.setAccount({ ebsKey: KeyMetadata!.Arn! });
    return KeyMetadata!.Arn!;
  }
  /** What the preview refuses, then what it tells. */
  async function looked(serviceRoles = ["ec2fleet.amazonaws.com"]): Promise<string[]> {
    plugin.messages.length = 0;
    const { failures } = await new EngineResource(plugin, "gpu-clusters:aws:AccountReady", "account").check({
      serviceRoles,
    });
    return [
      ...failures.map(({ property, reason }) => `${property}: ${reason}`),
      ...plugin.messages.map(({ message }) => message),
    ];
  }
  const grant = (KeyId: string, Operations = [...needed]) =>
    kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal: fleetRole, Operations }));

  it("is told which role lacks a grant, with the command that gives it, and nothing once it is there", async () => {
    const key = await diskKey();
    const [told, ...others] = await looked();
    assert.match(told!, /AWSServiceRoleForEC2Fleet has no grant for it: machines will end as soon as they start/);
    assert.ok(
      told!.includes(
        `aws kms create-grant --key-id ${key} --grantee-principal $(aws iam get-role --role-name AWSServiceRoleForEC2Fleet`,
      ),
    );
    assert.deepEqual(others, []);
    await grant(key, ["Decrypt"]);
    assert.match((await looked()).join(), /has no grant/, "not for all that it must do");
    await grant(key);
    assert.deepEqual(await looked(), []);
    const spot = await looked(["ec2fleet.amazonaws.com", "spot.amazonaws.com"]);
    assert.match(spot.join(), /AWSServiceRoleForEC2Spot has no grant/);
    const startsNone = ["fsx.amazonaws.com", "elasticloadbalancing.amazonaws.com"];
    assert.doesNotMatch((await looked(startsNone)).join(), /has no grant/);
  });

  it("takes the key's own policy for a leave, where it names the role", async () => {
    const key = await diskKey();
    const statement = { Effect: "Allow", Principal: { AWS: fleetRole }, Action: ["kms:*"], Resource: "*" };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await kms.send(new PutKeyPolicyCommand({ KeyId: key, PolicyName: "default", Policy }));
    assert.deepEqual(await looked(), []);
  });

  it("takes a policy for a leave that lets all of the account use the key by EC2, and none that does so by another service", async () => {
    const key = await diskKey();
    for (const [Principal, service, told] of [
      [{ AWS: "*" }, "ec2", 0],
      ["*", "ec2", 0],
      [{ AWS: ["*"] }, "s3", 1],
    ] as const) {
      const Condition = {
        StringEquals: { "kms:CallerAccount": "123456789012", "kms:ViaService": `${service}.${region}.amazonaws.com` },
      };
      const Action = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"];
      const statement = { Effect: "Allow", Principal, Action, Resource: "*", Condition };
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
      await kms.send(new PutKeyPolicyCommand({ KeyId: key, PolicyName: "default", Policy }));
      assert.equal((await looked()).length, told, Policy);
    }
  });

  it("warns where nothing can be seen, and refuses a key that is disabled or gone", async () => {
    const key = await diskKey();
    await scene.simulator.addFault({ action: "ListGrants", code: "AccessDeniedException", message: "no", status: 400 });
    assert.match(
      (await looked()).join(),
      /whether AWSServiceRoleForEC2Fleet may use it cannot be seen.*If machines end/,
    );
    await scene.simulator.clearFaults();
    await kms.send(new DisableKeyCommand({ KeyId: key.split("/")[1] }));
    assert.match(
      (await looked()).join(),
      /^controlPlane: disks of this account are encrypted with .*, which is Disabled: no machine/,
    );
    await scene.simulator.setAccount({ ebsKey: key.replace(/[^/]*$/, "0c1f5e5e-1111-4222-8333-444455556666") });
    assert.match((await looked()).join(), /^controlPlane: .* which is not there: no machine can start/);
  });

  it("has machines that end at once without the grant, as AWS has, and others with it", async () => {
    const key = await diskKey();
    const launchTemplateId = await makeTemplate(scene, "keyed");
    const inputs = {
      clusterName: "alpha",
      name: "keyed",
      instanceTypes: ["m5.large"],
      minSize: 1,
      maxSize: 1,
      launchTemplateId,
      launchTemplateVersion: 1,
      subnetIds: [...scene.subnetIds],
    };
    const group = new EngineResource(plugin, "gpu-clusters:aws:NodeGroup", "keyed");
    await assert.rejects(
      group.up(inputs),
      /\(rejected\): .*Client.InternalError: Client error on launch. Mostly it is the KMS key of its disks/,
    );
    await grant(key);
    await group.up(inputs);
    await group.destroy();
  });
});
