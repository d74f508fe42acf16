/** What is there already comes into a stack: by `pulumi import`, and by the option `import`. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { testCluster, type TestCluster } from "../simulator/machines/test-cluster";
import { until } from "../until";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { stepsOf } from "./steps";

describe("Cudo's resources that are there already, on the engine", function () {
  this.timeout(600_000);
  let cluster: TestCluster;
  let environment: EngineEnvironment;
  let program: string;
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-imports-"));

  before(async () => {
    cluster = await testCluster();
    await cluster.control.start();
    environment = await EngineEnvironment.start({ machines: false, timing: { scale: 0 } });
    const secrets = { apiVersion: "v1", kind: "Secret", namespace: "kube-system" };
    await until("an administrator who may read Secrets", () => cluster.api.list(secrets));
    program = await compiledProgram(join(__dirname, "programs", "cudo-pieces"));
    const first = await stackOf();
    const up = await first.up();
    assert.ok(up.ok, up.text);
  });
  after(async () => {
    await environment?.stop();
    await cluster?.close();
    for (const each of [program, directory]) if (each) rmSync(each, { recursive: true, force: true });
  });

  const stackOf = (more: Record<string, string> = {}) =>
    environment.stack({}, { program, environment: { PIECES_KUBECONFIG: cluster.kubeconfig, ...more } });
  const contents = async () => {
    const { cudo } = await new SimulatorClient(environment.simulator.url).state();
    return JSON.stringify(
      [cudo.vms, cudo.disks, cudo.networks, cudo.securityGroups].map((all) => all.map(({ id }) => id).sort()),
    );
  };
  const ids: Record<string, string> = {
    network: "pieces-network",
    "security-group": "pieces-nodes",
    disk: "pieces-disk",
    vm: "pieces-vm",
    group: "simulator/pieces/group",
  };

  /** Not of the stack, nor of its provider. */
  const isOurs = (step: string) => !/cudo-pieces-test|default_/.test(step);

  it("come in by the file that a preview writes, with the ids of the reference, and no up makes them anew", async () => {
    const before = await contents();
    const stack = await stackOf();
    const file = join(directory, "import.json");
    const preview = await stack.say("preview", ["--import-file", file]);
    assert.ok(preview.ok, preview.text);
    const asked = JSON.parse(readFileSync(file, "utf8")) as { resources: { name: string; id: string }[] };
    for (const resource of asked.resources) resource.id = ids[resource.name]!;
    assert.deepEqual(asked.resources.map(({ name }) => name).sort(), Object.keys(ids).sort());
    writeFileSync(file, JSON.stringify(asked));
    const imported = await stack.say("import", ["--file", file, "--generate-code=false", "--protect=false"]);
    assert.ok(imported.ok, imported.text);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    // Cudo returns no start scripts.
    assert.deepEqual(stepsOf(up).filter(isOurs), ["update group"]);
    assert.deepEqual([await contents(), await stack.preview()], [before, []]);
  });

  it("come in by the option, which may go afterwards", async () => {
    const before = await contents();
    const stack = await stackOf({ PIECES_ADOPTED: "yes" });
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const imported = Object.keys(ids).flatMap((name) => (name === "group" ? [] : [`import ${name}`]));
    assert.deepEqual(stepsOf(up).filter(isOurs), ["create group", ...imported.sort()]);
    assert.deepEqual(await contents(), before);
    assert.deepEqual(await stack.preview(), []);
  });
});
