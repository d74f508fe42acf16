import assert from "node:assert/strict";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { join } from "node:path";
import { EngineEnvironment } from "./environment";

describe("a component made by the plugin, as for programs in other languages", function () {
  this.timeout(400_000);
  const program = join(__dirname, "programs", "remote-cluster");
  let environment: EngineEnvironment;

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
  });
  after(() => environment.stop());

  it("is the same cluster, with its outputs and its secrets", async () => {
    const pair = newSshKeyPair();
    const keys = { SSH_PRIVATE_KEY: pair.private, SSH_PUBLIC_KEY: pair.public };
    const stack = await environment.stack({}, { program, environment: keys });
    const preview = await stack.preview();
    assert.ok(preview.some((step) => step.urn.endsWith("remote-workers")));
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    assert.deepEqual(
      (outputs.nodeGroups as { name: string; size: number }[]).map(({ name, size }) => [name, size]),
      [["workers", 1]],
    );
    assert.match(outputs.kubeconfig as string, /client-key-data/);
    const state = await stack.state();
    assert.doesNotMatch(state, /client-key-data|BEGIN OPENSSH PRIVATE KEY/);
    const made = await stack.resources();
    const { inputs } = made.find(({ type }) => type === "gpu-clusters:cudo:CudoCluster")!;
    assert.deepEqual([inputs.cni, inputs.controlPlane], ["none", { size: "sm" }]);
    assert.deepEqual(Object.keys(inputs.sshPrivateKey as object).sort(), [
      "4dabf18193072939515e22adb298388d",
      "ciphertext",
    ]);
    assert.deepEqual(await stack.preview(), []);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual((await environment.simulator.state()).cudo.vms, []);
  });

  it("reports wrong arguments by the user's own field", async () => {
    const stack = await environment.stack({}, { program, environment: { WRONG_ROLE: "boss" } });
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /nodeGroups\[0\]\.role/);
    assert.match(up.text, /must be one of "control", "worker", not the string "boss"/);
    assert.deepEqual((await environment.simulator.state()).cudo.vms, []);
  });
});
