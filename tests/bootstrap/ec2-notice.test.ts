import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { isRecord } from "../../sdk/schema/record";
import { httpsServer } from "../provider/kubernetes/https-server";
import { until } from "../until";
import { parameters, scriptOf, token } from "./ec2-documents";
import { Ec2Services } from "./ec2-services";
import { FakeMachine } from "./machine";

const node = "ip-10-0-64-9.us-west-2.compute.internal";
const scheduled = "events/maintenance/scheduled";

/** As EC2 writes times there. */
function ec2Time(inMinutes: number): string {
  const [, day, month, year, time] = new Date(Date.now() + inMinutes * 60_000).toUTCString().split(" ");
  return `${day} ${month} ${year} ${time} GMT`;
}

function reboot(inMinutes: number, State = "active") {
  const NotBefore = ec2Time(inMinutes);
  const Description = "scheduled reboot";
  return { NotBefore, Code: "system-reboot", Description, EventId: "instance-event-1", NotAfter: ec2Time(300), State };
}

/** As a JSON merge patch (RFC 7396). */
function merged(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = isRecord(value) ? { ...value } : {};
  for (const [key, each] of Object.entries(patch))
    if (each === null) delete result[key];
    else result[key] = merged(result[key], each);
  return result;
}

describe("what EC2 tells an instance of its end", () => {
  let machine: FakeMachine;
  let services: Ec2Services;
  let server: Awaited<ReturnType<typeof httpsServer>>;
  let own: Record<string, string>;
  const started: ChildProcess[] = [];
  /** What the API server was asked, and how many of its next answers are lost. */
  let asked: unknown[];
  let lost: number;
  let kept: { metadata: { annotations?: Record<string, string> }; spec: { unschedulable?: boolean } };

  beforeEach(async () => {
    machine = new FakeMachine();
    services = new Ec2Services();
    const environment = await services.start();
    services.parameters.set(parameters.join, JSON.stringify({ bootstrapToken: token }));
    const { status, output, calls } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 0, output);
    assert.ok(calls.includes("systemctl enable -q --now --no-block gpu-clusters-notice.service"), calls.join("\n"));
    const unit = machine.read("etc/systemd/system/gpu-clusters-notice.service");
    assert.match(unit, /^ExecStart=python3 \/var\/lib\/gpu-clusters\/ec2.py notice$/m);
    [own, asked, lost] = [{ ...environment, GPU_CLUSTERS_ROOT: machine.root }, [], 0];
    kept = { metadata: {}, spec: {} };
    server = await httpsServer(
      (request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", () => {
          const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
          assert.deepEqual([CN, request.url], ["someone", `/api/v1/nodes/${node}`]);
          if (request.method === "GET") return void response.end(JSON.stringify(kept));
          assert.deepEqual(
            [request.method, request.headers["content-type"]],
            ["PATCH", "application/merge-patch+json"],
          );
          const patch = JSON.parse(body) as Record<string, unknown>;
          asked.push(patch);
          kept = merged(kept, patch) as typeof kept;
          response.writeHead(lost-- > 0 ? 503 : 200).end("{}");
        });
      },
      { ipAddresses: ["127.0.0.1"] },
    );
    const { certificateAuthority, credentials } = parseKubeconfig(server.kubeconfig);
    const { clientCertificate, clientKey } = credentials as { clientCertificate: string; clientKey: string };
    machine.write("etc/kubernetes/kubelet.conf", `clusters:\n- cluster:\n    server: ${server.endpoint}\n`);
    machine.write("etc/kubernetes/pki/ca.crt", certificateAuthority!);
    machine.write("var/lib/kubelet/pki/kubelet-client-current.pem", clientCertificate + clientKey);
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map(stop));
    machine.dispose();
    await Promise.all([services.stop(), server.close()]);
  });

  /** As the unit does. */
  function listen(): ChildProcess {
    const program = [join(machine.root, "var/lib/gpu-clusters/ec2.py"), "notice"];
    const child = spawn("python3", program, {
      env: { ...process.env, ...own },
      stdio: ["ignore", "inherit", "ignore"],
    });
    started.push(child);
    return child;
  }
  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, "close");
  }
  const told = (count: number) => until(`${count} words to the node`, () => asked.length >= count);
  const marks = (notice: string | null, planned: string | null, rest: object = {}) => ({
    metadata: { annotations: { "gpu-clusters/notice": notice, "gpu-clusters/planned": planned } },
    ...rest,
  });

  it("is told to its node, as that node, when a spot machine is taken back", async () => {
    services.metadata["instance-life-cycle"] = "spot";
    lost = 1;
    const listening = listen();
    const notice = '{"action":"terminate","time":"2026-11-28T10:00:00Z"}';
    services.metadata["spot/instance-action"] = notice;
    assert.deepEqual(await once(listening, "close"), [0, null]);
    const patch = marks(`EC2 takes the machine back: ${notice}`, null, { spec: { unschedulable: true } });
    assert.deepEqual(asked, [patch, patch]);
  });

  it("stands at the node when EC2 plans it, and takes pods off ten minutes before, until it is over", async () => {
    services.metadata[scheduled] = "[]";
    const first = listen();
    const [later, past] = [reboot(7 * 24 * 60), reboot(-60, "completed")];
    services.metadata[scheduled] = JSON.stringify([past, { ...later, NotBefore: ec2Time(8 * 24 * 60) }, later]);
    await told(1);
    const words = `system-reboot from ${later.NotBefore} on: scheduled reboot`;
    assert.deepEqual(asked, [marks(null, words)], "nobody's cordon is touched");

    const soon = reboot(9);
    services.metadata[scheduled] = JSON.stringify([soon]);
    lost = 1;
    await told(3);
    const now = `system-reboot from ${soon.NotBefore} on: scheduled reboot`;
    const patch = marks(`EC2 has planned for the machine: ${now}`, now, { spec: { unschedulable: true } });
    assert.deepEqual(asked.slice(1), [patch, patch]);

    // The reboot: as long as EC2 says that it goes on, nothing changes, and the node is open again after it.
    await until("the word is kept", () => machine.read("var/lib/gpu-clusters/notice").includes(now));
    await stop(first);
    listen();
    services.metadata[scheduled] = JSON.stringify([{ ...soon, State: "completed" }]);
    await told(4);
    assert.deepEqual(asked.slice(3), [marks(null, null, { spec: { unschedulable: null } })]);
  });

  it("leaves a node closed that somebody else had closed before", async () => {
    kept.spec.unschedulable = true;
    const soon = reboot(9);
    services.metadata[scheduled] = JSON.stringify([soon]);
    const first = listen();
    await told(1);
    const now = `system-reboot from ${soon.NotBefore} on: scheduled reboot`;
    await until("the word is kept", () => machine.read("var/lib/gpu-clusters/notice").includes(now));
    await stop(first);
    listen();
    services.metadata[scheduled] = "[]";
    await told(2);
    assert.deepEqual(
      [asked[1], kept],
      [marks(null, null), { metadata: { annotations: {} }, spec: { unschedulable: true } }],
    );
  });

  it("is nothing for a machine that nothing is planned for, whatever the metadata service answers", async () => {
    const listening = listen();
    let looks = 0;
    const answers = ["[]", "", "<html>", "[]"];
    Object.defineProperty(services.metadata, scheduled, { get: () => answers[looks++ % answers.length] });
    await until("several looks", () => looks > 8);
    assert.deepEqual([asked, listening.exitCode], [[], null]);
  });
});
