import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { provider } from "../../plugin/provider";

/** It asks nothing of anybody. */
const local = ["gpu-clusters:kubernetes:GeneratedKey"];

/** Their inputs make another resource, are none, or a change asks nobody. Disks grow only while a VM has them. */
const unchanging = [
  "gpu-clusters:aws:Deployer",
  "gpu-clusters:aws:ServiceLoadBalancers",
  "gpu-clusters:cudo:Disk",
  "gpu-clusters:cudo:Network",
  "gpu-clusters:cudo:PlannedCluster",
  "gpu-clusters:kubernetes:MachinesReturned",
  "gpu-clusters:kubernetes:PlatformClaim",
  "gpu-clusters:mithril:Cluster",
  "gpu-clusters:mithril:PlannedCluster",
  ...local,
];

const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" });
const tests = files.filter((file) => /[/-]interrupts[\w-]*\.test\.ts$/.test(file));
/** From each mention of a type to the next one: what is said of it. */
const said = tests.flatMap((file) => readFileSync(join(__dirname, file), "utf8").split(/(?="gpu-clusters:)/));
const saidOf = (type: string) => said.filter((words) => words.startsWith(`"${type}"`)).join("");
const types = Object.keys(provider.resources);

it("every resource is interrupted at each of its requests", () => {
  assert.deepEqual(
    types.filter((type) => saidOf(type) === ""),
    local,
  );
});

it("every resource that can be changed is interrupted at each request of a change", () => {
  assert.deepEqual(types.filter((type) => !/\bupdated\b/.test(saidOf(type))).sort(), [...unchanging].sort());
});
