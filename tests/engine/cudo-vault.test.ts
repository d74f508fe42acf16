/** A cluster whose machines' disks are encrypted, on the simulator, with a stand-in for Vault: light machines get from it what real ones do, and encrypt nothing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import { SimulatorClient } from "../../simulator/client";
import { runCommand } from "../../toolchain/tools/command";
import { RoleStandIn, standInToken } from "../provider/vault/role-stand-in";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { assertHeldBack, holdsBack, loudDestroy } from "./loud-runs";
import { oneLife } from "./one-life";
import { shownIn } from "./secret-texts";
import type { EngineStack } from "./stack";

const group = {
  name: "gpu",
  role: "worker",
  minSize: 1,
  maxSize: 2,
  vcpus: 8,
  memoryGib: 32,
  gpus: 1,
  gpuModel: "V100",
  diskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};

/** A replica for each GPU, and a machine has one. */
const training = (replicas: number) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "train" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "train" } },
    template: {
      metadata: { labels: { app: "train" } },
      spec: {
        containers: [{ name: "main", image: "example.test/train", resources: { limits: { "nvidia.com/gpu": 1 } } }],
      },
    },
  },
});

describe("a Cudo cluster with encrypted disks on the engine", function () {
  this.timeout(600_000);
  oneLife();

  let environment: EngineEnvironment;
  let client: SimulatorClient;
  let vault: RoleStandIn;
  let stack: EngineStack;
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-encrypted-"));
  const kubeconfig = join(directory, "kubeconfig");
  const configOf = (more: object = {}) => {
    const values = {
      cloud: "cudo",
      clusterName: "safe",
      cni: "none",
      controlPlane: { size: "sm" },
      vault: vault.place,
    };
    const settings = { ...values, scaleDownAfter: "5s", nodeGroups: [group], ...more };
    const given = Object.entries(settings).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given.map(([key, value]) => [`pulumi-gpu-clusters:${key}`, value]));
  };

  before(async () => {
    [environment, vault] = await Promise.all([EngineEnvironment.start({ machines: true }), RoleStandIn.start()]);
    client = new SimulatorClient(environment.simulator.url);
    stack = await environment.stack(configOf(), { environment: { VAULT_TOKEN: standInToken } });
  });
  after(async () => {
    await environment.stop();
    await vault.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const roles = () => [...vault.roles.keys()].map((name) => name.replace("gpu-clusters/simulator.", "")).sort();
  /** Of a group's machines: either may be the one that goes. */
  const standing = async () => {
    const workers = (await client.state()).cudo.vms.map(({ id }) => id).filter((id) => id.startsWith("safe-gpu-"));
    return ["safe-control-plane", "safe.nodes", ...workers.map((id) => `safe.nodes.${id}`)].sort();
  };
  const apply = (object: object) =>
    runCommand(environment.tools.kubectl, ["--kubeconfig", kubeconfig, "apply", "-f", "-"], {
      input: JSON.stringify(object),
    });

  it("is made, each machine by a role of its own, and by a token that is in no state", async () => {
    const up = await stack.say("up", ["--diff", "--debug"]);
    assert.ok(up.ok, up.text);
    const { status, kubeconfig: text } = await stack.outputs();
    assert.equal(status, "ready");
    writeFileSync(kubeconfig, text as string, { mode: 0o600 });
    assert.deepEqual(roles(), await standing());
    const [secretId] = vault.roles.get("gpu-clusters/simulator.safe.nodes")!.secretIds;
    assert.ok(vault.given.includes(secretId!));
    assertHeldBack("up", up, [standInToken, ...vault.given]);
    // The autoscaler's own is a secret there, machines' are in it in no form.
    const others = vault.given.filter((secret) => secret !== secretId);
    assert.ok(others.length >= 2, "a wrapped one for each machine");
    assert.deepEqual(shownIn({ state: await stack.state(true) }, [standInToken, ...others]), []);
    assert.deepEqual(await stack.preview(), []);
  });

  it("has keys of the cluster in Vault, and none in what Cudo was sent", async () => {
    const kept = vault.keys.get("secret/gpu-clusters/simulator.safe-control-plane/start")!;
    const { encryptionKey } = nodeDocumentFromScript((JSON.parse(kept) as { script: string }).script)!.controlPlane!;
    assert.equal(Buffer.from(encryptionKey!, "base64").length, 32);
    const state = await stack.state(true);
    assert.ok(
      state.includes(vault.place.address) && state.includes("@@SECRETS_KEY@@") && !state.includes(encryptionKey!),
      "it is in Vault alone",
    );
    const { text } = await stack.refresh();
    assert.deepEqual(await stack.preview(), [], text);
  });

  it("grows and shrinks, by the autoscaler's own role", async () => {
    await apply(training(2));
    await until("a machine more has its role", () => roles().includes("safe.nodes.safe-gpu-1"));
    await until("it is a node, and runs its pod", async () => {
      const args = ["--kubeconfig", kubeconfig, "get", "pods", "--field-selector=status.phase=Running", "-o", "name"];
      const { stdout } = await runCommand(environment.tools.kubectl, args, {});
      return stdout.split("\n").filter((line) => line !== "").length === 2;
    });
    await apply(training(0));
    await until("its machine is deleted", async () => (await client.state()).cudo.vms.length === 2);
    await until("its role has gone with it", async () => roles().join() === (await standing()).join());
  });

  it("refuses to go on without, or with another Vault, before it changes anything", async () => {
    for (const [more, words] of [
      [{ vault: undefined, noVault: true }, /vault: cannot be taken away: machines that are there have keys in it/],
      [{ vault: { ...vault.place, keyMount: "kv" } }, /vault\.keyMount: must stay "secret"/],
    ] as const) {
      stack.configure({ ...environment.providerConfig, ...configOf(more) });
      const up = await stack.up();
      assert.ok(!up.ok);
      assert.match(up.text, words);
      assert.deepEqual(roles(), await standing());
    }
    stack.configure({ ...environment.providerConfig, ...configOf() });
  });

  it("leaves nothing in Vault or at Cudo", async () => {
    await holdsBack(stack, [loudDestroy], [standInToken, ...vault.given]);
    assert.deepEqual([vault.left(), (await client.state()).cudo.vms], [[], []]);
  });
});
