import { rmSync } from "node:fs";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { describeFaults, type Call, type Started } from "./fault-bench";
import { mithrilConfig, spotGroup } from "./mithril-config";
import { paperMachines } from "./paper-machines";

/** The operations of an `up` of a whole cluster. */
const calls: readonly Call[] = [
  call("CreateSshKey"),
  call("CreateCluster"),
  call("CreateVolume"),
  call("CreateBid", 2),
  call("GetCluster"),
  call("GetCurrentPrices"),
  call("ListBids", 3),
  call("ListClusters"),
  call("ListCpuInstanceTypes"),
  call("ListInstanceTypes"),
  call("ListInstances"),
  call("ListRegions"),
  call("ListSpotAvailability"),
  call("ListSshKeys", 3),
  call("ListVolumes", 2),
];

function call(operation: string, least = 1): Call {
  return { name: operation, match: { operation }, least, isWrite: operation.startsWith("Create") };
}

/** The machines are of paper: what is disturbed is the way to the cloud. */
async function start(): Promise<Started> {
  const environment = await EngineEnvironment.start({ machines: () => paperMachines(), timing: { scale: 0 } });
  const program = await compiledDefaultProgram();
  const config = {
    ...mithrilConfig(environment.simulator, "faults", [{ ...spotGroup, minSize: 2 }]),
    // There is no API server that anything could be put into.
    "pulumi-gpu-clusters:autoscaler": false,
  };
  const stack = await environment.stack(config, {
    program,
    environment: { GPU_CLUSTERS_MITHRIL_SEARCH_MS: "2000" },
  });
  return {
    environment,
    stack,
    contents: ({ mithril: { sshKeys, clusters, volumes, bids, instances } }) => ({
      keys: names(sshKeys),
      clusters: names(clusters),
      volumes: names(volumes),
      bids: names(bids),
      instances: names(instances),
    }),
    stop: async () => {
      await environment.stop();
      rmSync(program, { recursive: true, force: true });
    },
  };
}

function names(objects: readonly { name: string; status?: string }[]): string[] {
  return objects.map(({ name, status = "" }) => `${name} ${status}`).sort();
}

describeFaults("an up of a Mithril cluster", {
  cloud: "mithril",
  calls,
  nameOf: ({ operation = "?" }) => operation,
  errorBody: (status) => ({ detail: status === 429 ? "Too many requests" : "Internal Server Error" }),
  start,
});
