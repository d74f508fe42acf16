/** A cluster with the longest names that are allowed, of cluster, group and prefix together, on every cloud: its nodes join. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";
import { compiledDefaultProgram } from "./compiled-program";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import { mithrilConfig, spotGroup } from "./mithril-config";

/** As long as it may be, and different at the end only, where a name that is cut loses it. */
const long = (length: number, ending: string) => `${"n-".repeat(length)}`.slice(0, length - ending.length) + ending;

const group = { name: long(63, "g"), minSize: 1, maxSize: 1 };
const longGroup = { ...cudoGroup, ...group };
const awsGroup = { ...group, role: "worker", instanceTypes: ["m6i.large"] };
const names = { clusterName: `N-${long(126, "C")}`, namePrefix: `P-${long(38, "p")}`, cni: "none" };
const own = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]));

const clouds: Record<string, (environment: EngineEnvironment) => Record<string, unknown>> = {
  cudo: () => own({ ...names, cloud: "cudo", noVault: true, controlPlane: { size: "sm" }, nodeGroups: [longGroup] }),
  aws: () =>
    own({
      ...names,
      cloud: "aws",
      keyPair: "ops",
      nodeGroups: [awsGroup],
      network: { zones: ["us-west-2a", "us-west-2b"], nat: "none" },
    }),
  // A prefix counts for the 63 characters of the cluster's name there.
  mithril: ({ simulator }) => ({
    ...mithrilConfig(simulator, long(50, "c"), [{ ...spotGroup, ...group }]),
    ...own({ namePrefix: long(13, "p") }),
  }),
};

describe("a cluster with the longest names", function () {
  this.timeout(600_000);
  let environment: EngineEnvironment;
  let folder: string;
  let program: string;
  before(async () => {
    program = await compiledDefaultProgram();
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-names-"));
    environment = await EngineEnvironment.start({ machines: true, aws: {} });
  });
  after(async () => {
    await environment?.stop();
    for (const directory of [folder, program]) if (directory) rmSync(directory, { recursive: true, force: true });
  });

  for (const [cloud, config] of Object.entries(clouds)) {
    it(`is made, with its nodes, and destroyed on ${cloud}`, async () => {
      const stack = await environment.stack(config(environment), { program, name: cloud });
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const outputs = await stack.outputs();
      assert.equal(outputs.status, "ready");
      const file = join(folder, cloud);
      writeFileSync(file, outputs.kubeconfig as string, { mode: 0o600 });
      const { kubectl } = environment.tools;
      const { stdout } = await runCommand(kubectl, ["--kubeconfig", file, "get", "nodes", "-o", "json"], {});
      const { items } = JSON.parse(stdout) as { items: { metadata: { labels: Record<string, string> } }[] };
      const labels = items.map(({ metadata }) => metadata.labels["gpu-clusters/node-group"]);
      assert.equal(items.length, 2);
      // Mithril gives its nodes no labels.
      if (cloud !== "mithril") assert.deepEqual(labels.filter(Boolean), [group.name]);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
    });
  }
});
