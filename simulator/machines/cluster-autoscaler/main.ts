/** `cluster-autoscaler --flag=value …` in the place of Kubernetes' own, whose image no machine here can pull. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import { ownKubeconfig } from "../../../autoscaler/cluster/own-cluster";
import { messageOf } from "../../../sdk/message";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { ClusterAutoscaler } from "./cluster-autoscaler";
import { parseFlags } from "./flags";
import { ProtocolClient } from "./protocol-client";

/** How soon a pod that begins to wait is seen. */
const lookMs = 1_000;

async function main(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args);
  const { address } = parse(readFileSync(flags.cloudConfig, "utf8")) as { address: string };
  const { KUBECONFIG } = process.env;
  const client = new ProtocolClient(address, 30_000);
  const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);
  const kubernetes = kubernetesApi(KUBECONFIG ? readFileSync(KUBECONFIG, "utf8") : ownKubeconfig());
  const autoscaler = new ClusterAutoscaler({ client, kubernetes, flags, log, now: () => performance.now() });
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  const [, host = "", port] = /^(.*):(\d+)$/.exec(flags.address) ?? [];
  const health = createServer((_, response) => void response.end("OK"));
  health.listen({ port: Number(port), ...(host !== "" && { host }) }).unref();

  const { signal } = ending;
  const known = new Set<string>();
  while (!signal.aborted) {
    const changed = await autoscaler.round(signal).catch((error: unknown) => {
      if (!signal.aborted) log(`the round ended: ${messageOf(error)}`);
      return false;
    });
    // At once after a change and for pods that have not waited before.
    const next = performance.now() + (changed ? lookMs : flags.scanMs);
    while (!signal.aborted && performance.now() < next) {
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
      const waiting = await autoscaler.waiting(signal).catch(() => []);
      const isNews = waiting.some((id) => !known.has(id));
      known.clear();
      for (const id of waiting) known.add(id);
      if (isNews) break;
    }
  }
  await autoscaler.end().catch(() => undefined);
  client.close();
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
