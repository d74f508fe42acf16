/**
 * AWS as one of the simulator's clouds. It takes a second and 100 MB, so that it starts for those who ask for it (`POST /_simulator/aws`), and
 * it keeps nothing from one start to the next.
 */
import type { SimulatedCloud, Surroundings, WantedMachine } from "../cloud";
import type { AwsContents, AwsSimulatorClient } from "./client";
import type { AwsCloud } from "./cloud";
import type { AwsTiming } from "./timing";

export interface AwsOptions {
  /** Of the simulated AWS: what differs from `defaultAwsTiming`. */
  awsTiming?: Partial<AwsTiming> | undefined;
}

/** What `POST /_simulator/aws` answers. */
export interface AwsAddress {
  /** Of all services of the simulated AWS; its own administration is below `/_simulator` there. */
  endpoint: string;
  /** Differs after each start: it keeps nothing from one to the next. */
  life: string;
}

/** Starts the simulated AWS unless it runs: its administration. */
export type AwsAccess = () => Promise<AwsSimulatorClient>;

const none: ReadonlyMap<string, WantedMachine> = new Map();

export async function openAws(surroundings: Surroundings, { awsTiming }: AwsOptions) {
  const { machines, log } = surroundings;
  let starting: Promise<AwsCloud> | undefined;
  let running: AwsCloud | undefined;
  let closing = false;

  function ensure(): Promise<AwsCloud> {
    if (closing) return Promise.reject(new Error("the simulator is closing"));
    starting ??= start();
    // The next one who asks tries again.
    starting.catch(() => (starting = undefined));
    return starting;
  }

  async function start(): Promise<AwsCloud> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only for those who use it
    const { startAwsCloud } = require("./cloud") as typeof import("./cloud");
    const cloud: AwsCloud = await startAwsCloud({
      timing: awsTiming,
      publicPorts: machines ? [6443] : [],
      network: machines?.network,
      answers: machines?.capacity && {
        room() {
          const { free, bound } = surroundings.room();
          return { most: free + (running?.places() ?? 0), bound };
        },
        console: (instanceId) => surroundings.consoleOf(instanceId),
      },
      log,
      changed: () => surroundings.changed(),
    });
    running = cloud;
    log.info({ endpoint: cloud.client.endpoint }, "simulated AWS listens");
    return cloud;
  }

  const started = () => starting?.catch(() => undefined);
  return {
    access: (): AwsAccess => async () => (await ensure()).client,
    shellLines: (url) => [
      "export AWS_ACCESS_KEY_ID=simulator AWS_SECRET_ACCESS_KEY=simulator",
      `export AWS_ENDPOINT_URL=$(curl -sX POST ${url}/_simulator/aws | sed 's/.*"endpoint":"\\([^"]*\\)".*/\\1/')`,
    ],
    machines: () => running?.machines() ?? none,
    places: () => running?.places() ?? 0,
    refused: (instanceId, problem) => running?.refused(instanceId, problem),
    caughtUp: async () => void (await (await started())?.contents()),
    contents: async (): Promise<AwsContents | undefined> => (await started())?.contents(),
    serve(server, base) {
      server.post(`${base}/aws`, async (): Promise<AwsAddress> => {
        const { client, life } = await ensure();
        return { endpoint: client.endpoint, life };
      });
    },
    reset: async () => (await started())?.client.reset(),
    async close() {
      closing = true;
      await (await started())?.close();
    },
  } satisfies SimulatedCloud<AwsAccess, never, AwsContents | undefined>;
}
