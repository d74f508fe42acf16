/** The server as it is shipped: one file, run by Node alone. */
import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { AutoscalerConfig } from "../../autoscaler/config";
import { bundleAutoscaler } from "../../build/autoscaler";
import { freePort } from "../free-port";
import { httpsServer, type HttpsServer } from "../provider/kubernetes/https-server";
import { cpuGroup, home, never, simulatedCloud, type SimulatedCloud } from "../provider/cudo/simulated-cloud";
import { until } from "../until";
import { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";

/** As the kernel writes 127.0.0.1. */
const loopback = "0100007F";

/** The addresses that a process listens on. */
function listening(pid: number): string[] {
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  const rows = ["tcp", "tcp6"].flatMap((kind) => readFileSync(`/proc/${pid}/net/${kind}`, "utf8").trim().split("\n"));
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return columns
    .filter(([, , , state, , , , , , inode]) => state === "0A" && own.includes(inode!))
    .map(([, local]) => local!.split(":")[0]!);
}

describe("the autoscaler's bundle", () => {
  const folder = mkdtempSync(join(tmpdir(), "autoscaler-bundle-"));
  const code = join(folder, "autoscaler.cjs");
  let cloud: SimulatedCloud;
  let cluster: HttpsServer;
  let server: ChildProcess | undefined;
  let output = "";
  before(async function () {
    this.timeout(300_000);
    writeFileSync(code, gunzipSync((await bundleAutoscaler()).contents));
    cloud = await simulatedCloud();
    // A cluster without nodes.
    const answers: Record<string, object> = {
      "/api/v1": { resources: [{ name: "nodes", kind: "Node", namespaced: false }] },
    };
    cluster = await httpsServer((request, response) =>
      response.end(JSON.stringify(answers[request.url!] ?? { items: [] })),
    );
    await cloud.api.networks.create({ id: "net", dataCenterId: home, ipRange: "10.0.0.0/16" }, never);
  });
  after(async () => {
    server?.kill("SIGKILL");
    await cluster.close();
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (config: object) => {
    const file = join(folder, "config.json");
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(file, JSON.stringify(config));
    writeFileSync(kubeconfig, cluster.kubeconfig);
    const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    server = spawn(process.execPath, [code, file], { env: { KUBECONFIG: kubeconfig, ...credentials } });
    output = "";
    for (const stream of [server.stdout!, server.stderr!]) stream.on("data", (text) => (output += String(text)));
    return server;
  };

  it("says all that is wrong with its configuration, and quotes none of it", async () => {
    const [exit] = (await once(start({ clusterName: "", providers: "secret-key", groups: [{}] }), "exit")) as [number];
    assert.equal(exit, 1);
    assert.match(
      output,
      /clusterName must be a text; .*providers must be an object; groups\[0\]\.cloud must be a text/,
    );
    assert.ok(!output.includes("secret-key"));
  });

  it("runs groups of every cloud, ends by SIGTERM within seconds, and leaves all machines", async () => {
    const unreachable = `http://127.0.0.1:${await freePort()}`;
    const address = `unix://${join(folder, "server.sock")}`;
    const bounds = { minSize: 0, maxSize: 3 };
    const owner = "urn:group";
    const cudo = {
      ...cpuGroup,
      name: "gpu",
      ...bounds,
      startScript: "#!/bin/bash\ntrue",
      kubeconfig: "",
    };
    const aws = { clusterName: "train", name: "fleet", ...bounds, launchTemplateId: "lt-1", launchTemplateVersion: 1 };
    const mithril = { clusterId: "c", clusterName: "train", name: "bids", region: "r", instanceType: "t", ...bounds };
    const config: AutoscalerConfig = {
      clusterName: "train",
      address,
      healthPort: 0,
      gpuLabel: "gpu-clusters/gpu",
      providers: {
        cudo: cloud.config,
        aws: { region: "us-west-2", endpoint: unreachable },
        mithril: { apiKey: "fkey_1", projectId: "proj_1", baseUrl: cloud.config.baseUrl },
      },
      groups: [
        { cloud: "cudo", name: "gpu", owner, spec: cudo, ...bounds },
        {
          cloud: "aws",
          name: "fleet",
          owner,
          spec: { ...aws, instanceTypes: ["m5.large"], subnetIds: [] },
          ...bounds,
        },
        {
          cloud: "mithril",
          name: "bids",
          owner,
          spec: { ...mithril, capacity: { spot: { limitPrice: "$1" } }, sshKeys: [] },
          ...bounds,
        },
      ],
    };
    const process = start(config);
    const client = new ProtocolClient(address);
    try {
      await until("it answers", () => client.call("NodeGroupTargetSize", { id: "gpu" }));
      const open = listening(process.pid!);
      assert.ok(open.length > 0 && open.every((place) => place === loopback), open.join());
      await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
      const made = async () => (await cloud.api.vms.list(never)).some(({ state }) => state === "ACTIVE");
      await until("the machine is there", made);
      assert.ok((await client.call("NodeGroupTemplateNodeInfo", { id: "gpu" })).nodeBytes.length > 0);
      // It stands still for longer than cluster-autoscaler waits, which asks again.
      process.kill("SIGSTOP");
      const machine = (await cloud.api.vms.list(never))[0]!.id;
      const node = { name: machine, providerID: "", labels: {} };
      const removal = () => client.call("NodeGroupDeleteNodes", { id: "gpu", nodes: [node] });
      await assert.rejects(removal(), { code: status.DEADLINE_EXCEEDED });
      process.kill("SIGCONT");
      await until("it is removed", removal);
      await removal();
      assert.equal((await client.call("NodeGroupTargetSize", { id: "gpu" })).targetSize, 0);
      await until("the machine is gone", async () => !(await made()));
      await client.call("NodeGroupIncreaseSize", { id: "gpu", delta: 1 });
      await until("another machine is there", made);
      for (const group of ["fleet", "bids"])
        await until(`what ${group} was refused is told`, () => output.includes(`"group":"${group}","call":"describe"`));
      assert.ok(!/left out of the autoscaler/.test(output), output);
      assert.ok(!output.includes(cloud.config.apiKey));
      process.kill("SIGTERM");
      assert.deepEqual(await once(process, "exit"), [0, null]);
      assert.ok(await made());
    } finally {
      client.close();
    }
  });
});
