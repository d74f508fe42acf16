import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { key } from "./mithril-config";
import { paperMachines } from "./paper-machines";

describe("a MithrilCluster made by the plugin, as for programs in other languages", function () {
  this.timeout(400_000);
  let environment: EngineEnvironment;
  let program: string;

  before(async () => {
    environment = await EngineEnvironment.start({ machines: () => paperMachines(), timing: { scale: 0 } });
    program = await compiledProgram(join(__dirname, "programs", "remote-mithril-cluster"));
  });
  after(async () => {
    await environment?.stop();
    if (program) rmSync(program, { recursive: true, force: true });
  });

  it("is the same cluster, with its outputs and its secrets", async () => {
    const config = {
      "remote-mithril-cluster:sshPublicKey": key.public,
      "remote-mithril-cluster:sshPrivateKey": key.private,
      "remote-mithril-cluster:sshPort": environment.simulator.mithril.sshPort,
    };
    const stack = await environment.stack(config, { program });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const { status, kubeconfig, nodeGroups } = await stack.outputs();
    assert.equal(status, "ready");
    assert.match(kubeconfig as string, /client-key-data/);
    const [group] = nodeGroups as [{ name: string; machines: { nodeName: string }[] }];
    assert.deepEqual([group.name, group.machines.map(({ nodeName }) => nodeName)], ["gpu", ["remote-gpu-0-1"]]);
    assert.doesNotMatch(await stack.state(), /client-key-data|OPENSSH PRIVATE KEY/);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { mithril, machines } = await environment.simulator.state();
    assert.ok([...mithril.clusters, ...mithril.bids].every((thing) => thing.status === "Terminated"));
    assert.deepEqual([mithril.sshKeys, machines], [[], []]);
  });
});
