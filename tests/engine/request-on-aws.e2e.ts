/**
 * A create-cluster request on AWS with all that it may want to run, with Pulumi's own Kubernetes provider, a real API server and charts of ours:
 * `npm run test:e2e -- tests/engine/request-on-aws.e2e.ts`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chartsOfOurs } from "../../simulator/services/charts";
import { runCommand } from "../../toolchain/tools/command";
import { chartRepository, type ChartRepository } from "../charts/chart-repository";
import { fakeServer, type FakeServer } from "../provider/cudo/fake-server";
import { keycloakStandIn, type KeycloakStandIn } from "../provider/keycloak/keycloak-stand-in";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

describe("the create-cluster request on AWS, with Pulumi's own provider", function () {
  this.timeout(3_600_000);
  let environment: EngineEnvironment;
  let charts: ChartRepository;
  let keycloak: KeycloakStandIn;
  let deployer: FakeServer;
  let program: string;
  let folder: string;
  let stack: EngineStack;

  const kubectl = async (...args: string[]) => {
    const { stdout } = await runCommand(
      environment.tools.kubectl,
      ["--kubeconfig", join(folder, "kubeconfig"), ...args],
      {},
    );
    return stdout.trim();
  };

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true, aws: {}, realKubernetes: true });
    charts = await chartRepository(chartsOfOurs);
    keycloak = await keycloakStandIn();
    deployer = await fakeServer(() => ({ json: { message: "deploying" } }));
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-request-on-aws-"));
    program = await compiledProgram(join(__dirname, "programs", "request-on-aws"));
    stack = await environment.stack(
      {
        "gpu-clusters:keycloak": { baseUrl: keycloak.baseUrl, ...keycloak.admin },
        "gpu-clusters:kubernetes": { chartRepository: charts.url },
      },
      { name: "request", program, environment: { DEPLOYER: deployer.url }, timeoutMs: 900_000 },
    );
  });
  after(async () => {
    await environment?.stop();
    await deployer?.close();
    await keycloak?.close();
    await charts?.close();
    for (const each of [program, folder]) if (each) rmSync(each, { recursive: true, force: true });
  });

  it("says which call of the file system was refused, and makes the rest", async () => {
    const refusal = { code: "SecurityGroupLimitExceeded", message: "Too many security groups", status: 400, times: 1 };
    await environment.aws.addFault({ action: "CreateMountTarget", ...refusal });
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /Too many security groups/);
    const { fileSystems, mountTargets } = await environment.aws.state();
    assert.equal(fileSystems.length, 1);
    assert.ok(mountTargets.length < 3);
  });

  it("goes on to the whole cluster, with storage of both kinds and what was asked for, and tells the deployer", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs.status, "ready");
    writeFileSync(join(folder, "kubeconfig"), outputs.kubeconfig as string, { mode: 0o600 });
    const classes = "{range .items[*]}{.metadata.name}={.provisioner} {end}";
    assert.equal(
      await kubectl("get", "storageclasses", "-o", `jsonpath=${classes}`),
      "gp3=ebs.csi.aws.com shared=efs.csi.aws.com",
    );
    const names = "{range .items[*]}{.metadata.namespace}/{.metadata.labels.name} {end}";
    const releases = await kubectl(
      "get",
      "secrets",
      "-A",
      "-l",
      "owner=helm,status=deployed",
      "-o",
      `jsonpath=${names}`,
    );
    assert.deepEqual(releases.split(" ").sort(), [
      "jupyterhub/jupyterhub",
      "kube-system/aws-efs-csi-driver",
      "kube-system/cilium",
      "slinky/slurm-operator",
      "slinky/slurm-operator-crds",
      "slurm/slurm",
    ]);
    const { fileSystems, mountTargets, subnets } = await environment.aws.state();
    assert.deepEqual([fileSystems.length, mountTargets.length], [1, 3]);
    assert.ok(mountTargets.every(({ subnet }) => subnets.some(({ id }) => id === subnet)));
    assert.equal(deployer.requests.filter(({ url }) => url === "/deploy").length, 1);
  });

  it("has nothing to do then, and asks AWS for nothing that its own models do not have", async () => {
    assert.deepEqual(await stack.preview(), []);
    assert.deepEqual(await environment.aws.misfits(), []);
  });

  it("leaves nothing behind", async () => {
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const left = Object.entries(await environment.aws.state()).filter(([, objects]) => objects.length > 0);
    assert.deepEqual(left, []);
  });
});
