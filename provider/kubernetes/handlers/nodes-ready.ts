import type { Unwrap } from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext, ResourceHandler, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { kubernetesApi } from "../client";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { bootstrapLog, describeReports } from "../machine-log";
import { whyNoGpus } from "../gpu-pods";
import {
  missingNodes,
  nodesWithoutGpus,
  oldRuntimes,
  withDevices,
  type NodeObject,
  type ResourceSlice,
} from "../node-readiness";
import type { MachineStatus } from "../../../sdk/kubernetes/machine-claims";
import type { NodesReadyArgs } from "../../../sdk/kubernetes/nodes-ready";
import { checkKubeconfig } from "./check-kubeconfig";
import { checkSshKey } from "./check-ssh-key";
import { describeMachines, MachineWatch, machinesNow, oldMachines } from "./claimed-machines";
import { checkLog, machineReports, type LogSources } from "./machine-reports";
import { SupplyWatch, type OpenGroups } from "./node-supply";
import { NotYet, unlessRefused, waitFor } from "./wait";

export type NodesReadyInputs = Unwrap<NodesReadyArgs>;

export interface NodesReadyOutputs {
  status: "ready";
  machines?: MachineStatus[];
}

const defaultTimeoutSeconds = 1800;
const requestTimeoutMs = 10_000;

/** @param groups opens what nodes come from. Default: no cloud is asked */
export const nodesReady = (
  sources: LogSources,
  groups?: OpenGroups,
): ResourceHandler<NodesReadyInputs, NodesReadyOutputs> =>
  looking<NodesReadyInputs, NodesReadyOutputs>({
    async check(inputs) {
      const machines = Array.isArray(inputs.machines) ? inputs.machines : [];
      return [
        ...checkKubeconfig(inputs),
        ...machines.flatMap((machine, index) =>
          isUnknown(machine) ? [] : checkLog(machine.log, `machines[${index}].log`, sources),
        ),
        ...(await checkSshKey(inputs)),
      ];
    },

    plan: (state, { nodeGroups }) => ({
      ignores: [
        // They only tell whom to ask when a node is missing.
        "machines",
        "sshPrivateKey",
        "supplies",
        ...(isSameSet(state.inputs.nodeGroups, nodeGroups) ? ["nodeGroups"] : []),
      ],
    }),

    // What became of machines meanwhile is seen when they are looked at.
    preview: ({ claims }, state) => (state && claims !== undefined ? { status: "ready" } : (state?.outputs ?? {})),

    async create(inputs, context) {
      return {
        id: parseKubeconfig(inputs.kubeconfig).clusterName,
        outputs: await nodes(inputs, { sources, groups }, context),
      };
    },

    async again({ inputs, outputs }, context) {
      const machines = await machinesNow(inputs.claims, outputs.machines, context);
      return { inputs, outputs: { ...outputs, ...(machines && { machines }) } };
    },

    update: (_id, inputs, { outputs }, context) => nodes(inputs, { sources, groups }, context, outputs.machines),
  });

/** The groups' order says nothing. Values that are not known yet are none that were there. */
function isSameSet(before: NodesReadyInputs["nodeGroups"], now: Unknowable<NodesReadyInputs["nodeGroups"]>): boolean {
  if (isUnknown(now)) return false;
  const words = now.map((group) => {
    const parts = isUnknown(group) ? [group] : [group.name, group.minSize, group.gpus ?? 0];
    return parts.some(isUnknown) ? "" : parts.join(" ");
  });
  const known = before.map(({ name, minSize, gpus }) => [name, minSize, gpus ?? 0].join(" "));
  return words.sort().join() === known.sort().join();
}

async function nodes(
  inputs: NodesReadyInputs,
  { sources, groups }: { sources: LogSources; groups: OpenGroups | undefined },
  context: ResourceContext,
  before?: MachineStatus[],
): Promise<NodesReadyOutputs> {
  const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: requestTimeoutMs });
  const expected = {
    nodeGroups: inputs.nodeGroups,
    controlPlaneNodes: inputs.controlPlaneNodes ?? 1,
    workerNodes: inputs.workerNodes ?? 0,
    workerGpus: inputs.workerGpus ?? 0,
    condition: inputs.condition ?? "Ready",
  };
  let joined: ReadonlySet<string> | undefined;
  let gpuless: string[] = [];
  let lacking = "";
  const supply = groups && inputs.supplies && new SupplyWatch(inputs.supplies, groups, context);
  const slices = async () =>
    (await api.list({ apiVersion: "resource.k8s.io/v1", kind: "ResourceSlice" }, context.signal)) as ResourceSlice[];
  const attempt = async () => {
    const nodes = (await api.list({ apiVersion: "v1", kind: "Node" }, context.signal)) as NodeObject[];
    const found = inputs.gpuMode === "dra" ? withDevices(nodes, await slices()) : nodes;
    joined = new Set(found.map(({ metadata }) => metadata.name ?? ""));
    gpuless = nodesWithoutGpus(expected, found);
    const missing = missingNodes(expected, found);
    lacking = missing.join("; ");
    if (missing.length > 0) return new NotYet([...missing, ...(supply?.said ?? [])].join("; "));
    const old = await oldMachines(inputs.claims, context.signal);
    if (old.length > 0) return new NotYet(old.join("; "));
    const runtimes = oldRuntimes(found);
    if (runtimes !== undefined) context.log.warn(runtimes);
    const machines = await machinesNow(inputs.claims, before, context);
    return { status: "ready" as const, ...(machines && { machines }) };
  };
  const reports = async () => {
    const absent = (inputs.machines ?? []).filter(({ nodeName }) => joined?.has(nodeName) === false);
    return machineReports(absent, { ...context, sources, sshPrivateKey: inputs.sshPrivateKey });
  };
  const gpus = async () => (await whyNoGpus(api, gpuless, context.signal)).map((line) => `\n  ${line}`).join("");
  const watch = new MachineWatch(inputs.claims, context.signal);
  return waitFor(unlessRefused(inputs.kubeconfig, attempt), {
    what: "nodes",
    timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
    log: context.log,
    async hopeless(reason) {
      const lost = await watch.lost();
      if (lost !== undefined) return new Error(`the cluster does not have its nodes: ${reason}. ${lost}`);
      const failed = (await reports()).filter(({ hasFailed }) => hasFailed);
      if (failed.length > 0)
        return new Error(
          `the cluster does not have its nodes: ${reason}. ${failed.map(({ nodeName }) => nodeName).join(", ")} gave up joining: once the ` +
            `cause is mended, delete the machine, and \`pulumi up --refresh\` makes a new one${describeReports(failed)}`,
        );
      await supply?.look();
      const over = supply?.lost;
      return over === undefined ? undefined : new Error(`the cluster does not have its nodes: ${lacking}. ${over}`);
    },
    async timedOut(reason, seconds) {
      await supply?.look();
      const news = (supply?.said ?? []).filter((line) => !reason.includes(line));
      return new Error(
        `the cluster did not have its nodes after ${seconds} s: ${reason}. For a node that is missing, look at the console of its ` +
          `machine and its ${bootstrapLog}; for one that is not Ready, at \`kubectl describe node\`${news.map((line) => `\n  ${line}`).join("")}${await gpus()}` +
          describeReports(await reports()) +
          (await describeMachines(inputs.claims, context.signal)),
      );
    },
  });
}
