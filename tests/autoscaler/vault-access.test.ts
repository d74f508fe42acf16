/** The server's access to the Vault of encrypted disks. */
import assert from "node:assert/strict";
import { until } from "../until";
import { FakeCloud } from "./fake-cloud";
import { startServer, type TestServer } from "./server";

describe("the server's access to Vault", () => {
  let server: TestServer;
  afterEach(() => server.close());

  const metric = async (line: string) => {
    const text = await (await fetch(`${server.health}/metrics`)).text();
    return new RegExp(`^gpu_clusters_autoscaler_${line} (\\S+)$`, "m").exec(text)?.[1];
  };
  const alarms = () =>
    server.kubernetes.created.filter(({ kind, reason }) => kind === "Event" && reason === "VaultAccessLost");

  it("is kept, and its end is told once at the autoscaler, in the log and in figures, until it is back", async () => {
    let refusal: Error | undefined;
    let logins = 0;
    server = await startServer({
      clouds: { gpu: new FakeCloud("m") },
      timing: { accessMs: 20 },
      login: async () => {
        logins++;
        if (refusal) throw refusal;
      },
    });
    await until("it logs in again and again", async () => logins > 2);
    assert.equal(await metric("vault_access"), "1");
    assert.deepEqual(alarms(), []);
    refusal = new Error("Vault: invalid role or secret ID");
    const failed = logins;
    await until("it goes on trying", async () => logins > failed + 3);
    assert.equal(await metric("vault_access"), "0");
    assert.ok(Number(await metric('vault_logins_total{outcome="error"}')) > 2);
    const [alarm, ...more] = alarms();
    assert.deepEqual(more, [], "once");
    assert.deepEqual(
      [alarm!["note"], alarm!["regarding"]],
      [
        "no node group with encrypted disks can grow: Vault: invalid role or secret ID",
        { apiVersion: "apps/v1", kind: "Deployment", namespace: "kube-system", name: "gpu-clusters-autoscaler" },
      ],
    );
    assert.ok(server.lines.some((line) => line.includes("no access to Vault") && line.includes('"level":50')));
    refusal = undefined;
    await until("the figures say so", async () => (await metric("vault_access")) === "1");
    assert.ok(server.lines.some((line) => line.includes("access to Vault again")));
  });

  it("is nothing where no disk is encrypted", async () => {
    server = await startServer({ clouds: { gpu: new FakeCloud("m") } });
    assert.equal(await metric('vault_logins_total{outcome="ok"}'), undefined);
  });
});
