import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { KMS } from "@aws-sdk/client-kms";
import { SSM } from "@aws-sdk/client-ssm";
import { principalPatterns } from "../../../provider/aws/handlers/deployer";
import { issueCertificate } from "../../../provider/kubernetes/certificates";
import type { Ec2ControlPlaneKeys } from "../../../bootstrap/ec2";
import { driveResource, EngineResource, type Plugin, type PluginError } from "../server/harness";
import { region, startScene, startScenePlugin, type Scene } from "./scene";

const type = "gpu-clusters:aws:ClusterKeys";

describe("AWS ClusterKeys", () => {
  let scene: Scene;
  let plugin: Plugin;
  let kms: KMS;
  let ssm: SSM;
  let kmsKeyId: string;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startScenePlugin(scene);
    kms = new KMS({ region, endpoint: scene.simulator.endpoint });
    ssm = new SSM({ region, endpoint: scene.simulator.endpoint });
    kmsKeyId = await anotherKey();
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });
  afterEach(() => scene.simulator.clearFaults());

  const anotherKey = async () => (await kms.createKey({})).KeyMetadata!.Arn!;
  const keysOf = (name: string) => new EngineResource(plugin, type, name);
  const program = (name: string, more: object = {}) => ({ parameterPath: `/gpu-clusters/${name}`, kmsKeyId, ...more });
  const nameOf = (name: string, part: string) => `/gpu-clusters/${name}/${part}`;
  const keysParameter = (name: string) => nameOf(name, "control-plane-keys");
  const adminParameter = (name: string) => nameOf(name, "admin-credential");
  const valueOf = async (Name: string) =>
    (await ssm.getParameter({ Name, WithDecryption: true })).Parameter?.Value ?? "";
  const keyOf = async (name: string) => {
    const ParameterFilters = [{ Key: "Name", Values: [name] }];
    return (await ssm.describeParameters({ ParameterFilters })).Parameters?.[0]?.KeyId;
  };
  const left = async (name: string) =>
    (await scene.simulator.state()).parameters
      .map(({ id }) => id)
      .filter((id) => id.startsWith(`/gpu-clusters/${name}/`));
  const authorities = async (name: string) =>
    (JSON.parse(await valueOf(keysParameter(name))) as Ec2ControlPlaneKeys).controlPlane;

  it("keeps the contract", () =>
    driveResource({
      plugin,
      type,
      inputs: program("contract", { tags: { team: "ml" } }),
      updated: program("contract", { tags: { team: "ai" }, adminValidityHours: 24 }),
      replaced: program("another"),
      importable: false,
      volatile: ["adminCertificate", "adminExpiresAt"],
    }));

  it("writes both parameters under the key, and gives the program no key but the administrator's", async () => {
    const resource = keysOf("written");
    await resource.up(program("written", { tags: { team: "ml" } }));
    const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey } = await authorities("written");
    const outputs = resource.stored!.state.values as Record<string, string>;
    assert.equal(outputs["caCertificate"], ca.certificate);
    const credential = JSON.parse(await valueOf(adminParameter("written"))) as { status: { clientKeyData: string } };
    assert.equal(credential.status.clientKeyData, outputs["adminPrivateKey"]);
    assert.ok(new X509Certificate(outputs["adminCertificate"]!).checkIssued(new X509Certificate(ca.certificate)));
    const [state, told] = [JSON.stringify(outputs), JSON.stringify(plugin.messages)];
    for (const key of [ca.privateKey, frontProxyCa.privateKey, etcdCa.privateKey, serviceAccountKey]) {
      const body = key.split("\n")[1]!;
      assert.ok(body.length > 40 && !state.includes(body) && !told.includes(body));
    }
    assert.equal(Buffer.from(encryptionKey!, "base64").length, 32);
    assert.ok(!state.includes(encryptionKey!) && !told.includes(encryptionKey!));
    for (const name of [keysParameter("written"), adminParameter("written")]) {
      assert.equal(await keyOf(name), kmsKeyId);
      const { TagList } = await ssm.listTagsForResource({ ResourceType: "Parameter", ResourceId: name });
      assert.ok(TagList!.some(({ Key, Value }) => Key === "team" && Value === "ml"));
    }
    await resource.destroy();
    assert.deepEqual(await left("written"), []);
  });

  it("writes again what was changed or deleted by another hand, from what only the KMS key opens", async () => {
    const resource = keysOf("drift");
    await resource.up(program("drift"));
    const before = await authorities("drift");
    await ssm.putParameter({ Name: adminParameter("drift"), Value: "{}", Overwrite: true });
    await ssm.deleteParameter({ Name: keysParameter("drift") });
    await resource.refresh();
    assert.equal(await resource.up(program("drift")), "update");
    assert.deepEqual(await authorities("drift"), before);
    assert.match(await valueOf(adminParameter("drift")), /ExecCredential/);
    await resource.refresh();
    assert.equal(await resource.up(program("drift")), "same");
    await resource.destroy();
  });

  it("moves everything to another KMS key while both can be used", async () => {
    const resource = keysOf("moved");
    await resource.up(program("moved"));
    const [before, sealed] = [await authorities("moved"), resource.stored!.state.values["sealedKeys"]];
    const newer = await anotherKey();
    assert.equal(await resource.up(program("moved", { kmsKeyId: newer })), "update");
    assert.notEqual(resource.stored!.state.values["sealedKeys"], sealed);
    assert.deepEqual(await authorities("moved"), before);
    for (const name of [keysParameter("moved"), adminParameter("moved")]) assert.equal(await keyOf(name), newer);
    await scene.simulator.addFault({ action: "Decrypt", code: "KMSInvalidStateException", status: 400 });
    await assert.rejects(resource.up(program("moved")), (error: PluginError) => {
      assert.match(error.message, /the cluster's keys cannot be opened, .*aws kms cancel-key-deletion/);
      return true;
    });
    await scene.simulator.clearFaults();
    assert.equal(await resource.up(program("moved")), "update");
    assert.deepEqual(await authorities("moved"), before);
    await resource.destroy();
  });

  it("renews the administrator's certificate for the same key when a third of its life is left", async () => {
    const resource = keysOf("aged");
    const inputs = program("aged", { adminValidityHours: 90 });
    await resource.up(inputs);
    const [{ ca }, { values }] = [await authorities("aged"), resource.stored!.state];
    const request = { commonName: "old", usages: ["client" as const], validForHours: 90 };
    const issuedAt = new Date(Date.now() - 61 * 3_600_000);
    values["adminCertificate"] = (await issueCertificate(ca, request, issuedAt)).certificate;
    const key = values["adminPrivateKey"];
    assert.equal(await resource.up(inputs), "update");
    const renewed = resource.stored!.state.values;
    assert.equal(renewed["adminPrivateKey"], key);
    assert.match(await valueOf(adminParameter("aged")), new RegExp(String(renewed["adminExpiresAt"])));
    assert.deepEqual((await authorities("aged")).ca, ca);
    assert.equal(await resource.up(inputs), "same");
    await resource.destroy();
  });

  it("touches nothing that another stack made, and takes what it left itself", async () => {
    await ssm.putParameter({ Name: adminParameter("taken"), Value: "theirs", Type: "SecureString" });
    await assert.rejects(keysOf("taken").up(program("taken")), (error: PluginError) => {
      assert.equal(error.partial, undefined);
      assert.match(error.message, /SSM has \/gpu-clusters\/taken\/admin-credential already/);
      return true;
    });
    assert.equal(await valueOf(adminParameter("taken")), "theirs");
    const first = keysOf("left");
    await first.up(program("left"));
    const made = await authorities("left");
    // A second time without a state, as after a crash or a `pulumi state delete`: machines may have the keys.
    const again = keysOf("left");
    await again.up(program("left"));
    assert.deepEqual(await authorities("left"), made);
    assert.equal(again.stored!.state.values["caCertificate"], made.ca.certificate);
    assert.match(plugin.messages.at(-1)!.message, /^takes over the keys in .*\/left\/control-plane-keys/);
    assert.equal(await again.up(program("left", { adminValidityHours: 24 })), "update");
    await again.destroy();
    assert.deepEqual(await left("left"), []);
  });

  it("keeps the cluster's authorities where it is replaced", async () => {
    const resource = keysOf("replaced");
    await resource.up(program("replaced"));
    const made = await authorities("replaced");
    await resource.replace(program("replaced"));
    assert.deepEqual(await authorities("replaced"), made);
    await resource.destroy();
    assert.deepEqual(await left("replaced"), []);
  });

  it("writes over nothing of its own that holds no keys, or that it may not read", async () => {
    await keysOf("spoilt").up(program("spoilt"));
    await ssm.putParameter({ Name: keysParameter("spoilt"), Value: "{}", Overwrite: true });
    await assert.rejects(keysOf("spoilt").up(program("spoilt")), /control-plane-keys, .*cannot be read.*delete it/s);
    await ssm.deleteParameter({ Name: keysParameter("spoilt") });
    const again = keysOf("spoilt");
    await again.up(program("spoilt"));
    await scene.simulator.addFault({ action: "GetParameters", code: "AccessDeniedException", status: 400, skip: 1 });
    await assert.rejects(
      keysOf("spoilt").up(program("spoilt")),
      /control-plane-keys, .*cannot be read: .*AccessDenied/s,
    );
    await scene.simulator.clearFaults();
    await again.destroy();
  });

  it("keeps what was made when the second parameter is refused, and goes on with it", async () => {
    const resource = keysOf("half");
    await scene.simulator.addFault({ action: "PutParameter", code: "AccessDeniedException", status: 400, skip: 1 });
    await assert.rejects(resource.up(program("half")), /AccessDenied/);
    assert.ok(resource.stored, "the state keeps it");
    await scene.simulator.clearFaults();
    const { ca } = await authorities("half");
    assert.equal(await resource.up(program("half")), "update");
    assert.deepEqual((await authorities("half")).ca, ca);
    await resource.destroy();
    assert.deepEqual(await left("half"), []);
  });

  it("names the field that is wrong", async () => {
    const { failures } = await keysOf("wrong").check({ parameterPath: "/aws/x", kmsKeyId: "", adminValidityHours: 1 });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["parameterPath", "kmsKeyId", "adminValidityHours"],
    );
  });

  it("knows the deployer by his role, whatever its path and session", async () => {
    const deployer = new EngineResource(plugin, "gpu-clusters:aws:Deployer", "deployer");
    await deployer.up({});
    const [principal] = deployer.stored!.state.values["principals"] as string[];
    assert.match(principal!, /^arn:aws:[^*]+$/);
    assert.deepEqual(principalPatterns("arn:aws-cn:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/jane"), [
      "arn:aws-cn:iam::123456789012:role/AWSReservedSSO_Admin_1",
      "arn:aws-cn:iam::123456789012:role/*/AWSReservedSSO_Admin_1",
    ]);
  });
});
