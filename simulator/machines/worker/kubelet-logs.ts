/** The part of kubelet's own API that the API server asks for `kubectl logs`. */
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { issueCertificate, makeAuthority } from "../../../provider/kubernetes/certificates";

/** The file that a container of a pod writes its log to; undefined where nothing really runs. */
export type LogFile = (container: { namespace: string; pod: string; container: string }) => string | undefined;

const nothingRuns = "light machines run no containers: of all pods, the autoscaler's alone has logs\n";
const followEveryMs = 300;
const validHours = 365 * 24;

/** Answers at the machine's address until the signal aborts. Returns the port. */
export async function serveLogs(address: string, logFile: LogFile, signal: AbortSignal): Promise<number> {
  // The API server holds it against no authority, as it does with kubelets of kubeadm.
  const authority = await makeAuthority("kubelet");
  const { certificate, privateKey } = await issueCertificate(authority, {
    commonName: "kubelet",
    ipAddresses: [address],
    usages: ["server"],
    validForHours: validHours,
  });
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    answer(request, response, logFile, signal).catch(() => response.destroy());
  });
  server.listen(0, address);
  await once(server, "listening", { signal });
  signal.addEventListener("abort", () => (server.closeAllConnections(), server.close()), { once: true });
  return (server.address() as AddressInfo).port;
}

async function answer(
  { url = "/" }: IncomingMessage,
  response: ServerResponse,
  logFile: LogFile,
  signal: AbortSignal,
): Promise<void> {
  const { pathname, searchParams } = new URL(url, "https://kubelet");
  const [, what, namespace = "", pod = "", container = ""] = pathname.split("/");
  if (what !== "containerLogs") return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": "text/plain" });
  const path = logFile({ namespace, pod, container });
  if (path === undefined) return void response.end(nothingRuns);
  const file = await open(path);
  try {
    const text = await file.readFile("utf8");
    response.write(lastLines(text, searchParams.get("tailLines")));
    const over = AbortSignal.any([signal, closed(response)]);
    while (searchParams.get("follow") === "true" && !over.aborted) {
      await delay(followEveryMs, undefined, { signal: over }).catch(() => undefined);
      response.write(await file.readFile("utf8"));
    }
  } finally {
    await file.close();
  }
  response.end();
}

function lastLines(text: string, count: string | null): string {
  if (count === null) return text;
  const lines = text.split(/(?<=\n)/);
  return lines.slice(Math.max(0, lines.length - Number(count))).join("");
}

function closed(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return controller.signal;
}
