/** A light machine whose disk is to be encrypted gets from Vault what a real one gets. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderBootstrapScript, renderVaultScripts, nodeDocumentFromScript } from "../../../bootstrap/script";
import type { NodeDocument } from "../../../bootstrap/document";
import { openMachineAccess } from "../../../provider/vault/machine-access";
import { Disk } from "../../../simulator/machines/light/disk";
import { plainRole } from "../../../simulator/machines/light/role";
import { isEncrypted, VaultRole } from "../../../simulator/machines/light/vault-role";
import { controlPlane, worker } from "../../bootstrap/documents";
import { RoleStandIn, standInToken } from "../../provider/vault/role-stand-in";
import { until } from "../../until";

const never = new AbortController().signal;

describe("a light machine with an encrypted disk", () => {
  let vault: RoleStandIn;
  let directory: string;
  const roles: VaultRole[] = [];
  beforeEach(async () => {
    vault = await RoleStandIn.start();
    directory = mkdtempSync(join(tmpdir(), "gpu-clusters-light-"));
  });
  afterEach(async () => {
    await Promise.all(roles.splice(0).map((role) => role.cut()));
    await vault.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** As who makes the machine does. */
  async function scriptOf(document: NodeDocument): Promise<string> {
    const access = openMachineAccess({ vault: { token: standInToken } }, vault.place, "lab");
    const placed = { ...vault.place, authMount: "gpu-clusters", keyMount: "secret" };
    if (document.controlPlane === undefined) {
      const credential = await access.grant(document.nodeName, never);
      const encrypted = { ...document, diskEncryption: { ...placed, ...credential } };
      return renderBootstrapScript(encrypted, { delivery: "cudo-start-script" });
    }
    const blank = { roleId: "", wrappedSecretId: "", keyPath: "" };
    const { vaultScript } = renderVaultScripts({ ...document, diskEncryption: { ...placed, ...blank } });
    const credential = await access.grant(document.nodeName, never, vaultScript);
    return renderVaultScripts({ ...document, diskEncryption: { ...placed, ...credential } }).startScript;
  }

  /** What it becomes, and where it tells of itself. */
  async function boot(script: string): Promise<{ become: NodeDocument[]; disk: Disk; role: VaultRole }> {
    const document = nodeDocumentFromScript(script)!;
    assert.ok(isEncrypted(document));
    const disk = new Disk(directory);
    const become: NodeDocument[] = [];
    const role = new VaultRole(document, disk, (whole) => {
      become.push(whole);
      return plainRole;
    });
    roles.push(role);
    await role.start();
    return { become, disk, role };
  }

  it("becomes a control plane by the script that Vault has, once, and by its own disk from then on", async () => {
    const document = { ...controlPlane, nodeName: "one", providerId: "cudo://lab/one" };
    const script = await scriptOf(document);
    const first = await boot(script);
    await until("it has begun", () => first.become.length === 1);
    assert.deepEqual(first.become, [document]);
    assert.equal(first.role.isControlPlane, true);
    const asked = vault.requests.length;
    const again = await boot(script);
    await until("it has begun again", () => again.become.length === 1);
    assert.deepEqual(again.become, [document]);
    assert.equal(vault.requests.length, asked);
  });

  it("becomes a worker by its own script, when it has logged in", async () => {
    const document = {
      ...worker,
      nodeName: "two",
      providerId: "cudo://lab/two",
      bootstrapToken: "abcdef.0123456789abcdef",
    };
    const { become } = await boot(await scriptOf(document));
    await until("it has begun", () => become.length === 1);
    assert.equal(become[0]!.nodeName, "two");
    assert.deepEqual([...vault.tokens.values()], ["gpu-clusters/lab.two"]);
  });

  it("waits for a Vault that refuses, says so, and becomes nothing", async () => {
    const script = await scriptOf({ ...worker, nodeName: "three", providerId: "cudo://lab/three" });
    vault.roles.clear();
    const { become, disk, role } = await boot(script);
    const words = /waits for Vault at https:\S+: sys\/wrapping\/unwrap: HTTP 400/;
    await until("it says so", async () => words.test(await disk.console()));
    await role.cut();
    assert.deepEqual(become, []);
  });
});
