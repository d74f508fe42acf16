/** The server in a process of its own, over clouds and nodes in memory: what it costs is its own. Told by its parent when to tell. */
import { FakeCloud } from "../../autoscaler/fake-cloud";
import { FakeKubernetes, startServer } from "../../autoscaler/server";
import { autoscalerTiming } from "../../../autoscaler/autoscaler";

export interface ServerFigures {
  rssMb: number;
}

/** From request to machine, and from machine to node. */
const bootMs = 1_000;

async function main(groups: number, size: number): Promise<void> {
  const clouds = Object.fromEntries(
    Array.from({ length: groups }, (_, index) => [`g${index}`, new FakeCloud(`g${index}`)] as const),
  );
  const kubernetes = new FakeKubernetes();
  const server = await startServer({
    clouds,
    kubernetes,
    bounds: { minSize: 0, maxSize: size },
    timing: autoscalerTiming,
  });
  setInterval(() => {
    const known = new Set(kubernetes.nodes.map(({ metadata }) => metadata.name));
    const running = new Set<string | undefined>();
    for (const [group, cloud] of Object.entries(clouds)) {
      cloud.tick();
      for (const { id, state } of cloud.machines) {
        if (state !== "running") continue;
        running.add(id);
        if (!known.has(id)) kubernetes.node(id, { group });
      }
    }
    kubernetes.nodes = kubernetes.nodes.filter(({ metadata }) => running.has(metadata.name));
  }, bootMs);
  process.on("message", () => {
    const figures: ServerFigures = { rssMb: Math.round(process.memoryUsage().rss / 1024 ** 2) };
    process.send!(figures);
  });
  process.send!(server.address);
}

void main(Number(process.argv[2]), Number(process.argv[3]));
