import type { FleetData } from "@aws-sdk/client-ec2";
import type { NodeGroupDescription } from "../../node-groups/driver";
import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { FleetDriver } from "../fleet/fleet-driver";
import { readFleet } from "../fleet/fleet-request";
import { Fleets, isAlive, targetOf } from "../fleet/fleets";
import { fromTagList, tagKeys } from "../ownership";
import { limited } from "../../cloud/limited";
import { waitFor, withReason, type Pace } from "../../cloud/wait";
import { awsPace } from "../pace";
import { connect } from "../connection";
import {
  checkNodeGroup,
  clampSize,
  known,
  type Fields,
  type NodeGroupInputs,
  type NodeGroupOutputs,
} from "./node-group-inputs";

export interface NodeGroupHandlerOptions {
  pace?: Pace;
  /** How long a quota or a rejection may stand in the way before it counts as the end of it. */
  patienceMs?: number;
}

const createLimitMs = 30 * 60_000;
const deleteLimitMs = 60 * 60_000;
/** Must end within the grace of an interrupted operation. */
const lookAfterAbortMs = 3_000;

export function createNodeGroupHandler({
  pace = awsPace,
  patienceMs = 30_000,
}: NodeGroupHandlerOptions = {}): ResourceHandler<NodeGroupInputs, NodeGroupOutputs> {
  const open = (inputs: NodeGroupInputs, context: ResourceContext, fleetId?: string, before?: NodeGroupInputs) => {
    const { ec2 } = connect(context.config, inputs.connection);
    const formerTags = Object.keys(before?.tags ?? {});
    return new FleetDriver({ ec2, spec: inputs, owner: context.urn, fleetId, formerTags, pace });
  };

  return {
    check: checkNodeGroup,

    plan({ inputs: before, outputs }, given, changed) {
      const inputs = given as Fields<NodeGroupInputs>;
      const size = outputs.size ?? 0;
      const outside = size < (known(inputs.minSize) ?? 0) || size > (known(inputs.maxSize) ?? Infinity);
      const moved = changed.some((path) => path.startsWith("connection")) && regionOf(before) !== regionOf(inputs);
      return {
        ignores: ["initialSize"],
        replaces: moved ? ["connection"] : [],
        outputs: outside ? ["size", "machines"] : [],
        // Two groups of one name would take each other's machines for their own.
        deleteBeforeReplace: true,
      };
    },

    preview(given, state) {
      const inputs = given as Fields<NodeGroupInputs>;
      if (!state) {
        const first = inputs.initialSize ?? inputs.minSize;
        return isUnknown(first) ? {} : { size: first };
      }
      const { fleetId, size, machines } = state.outputs;
      const [min, max] = [known(inputs.minSize), known(inputs.maxSize)];
      if (size === undefined || min === undefined || max === undefined) return { fleetId };
      const after = clampSize(size, min, max);
      return after === size ? { fleetId, size, machines } : { fleetId, size: after };
    },

    async create(inputs, context) {
      const driver = open(inputs, context);
      const size = inputs.initialSize ?? inputs.minSize;
      return within("creating", createLimitMs, inputs, context, async (signal) => {
        const since = new Date();
        const id = await driver.ensure(size, signal);
        await keeping(id, driver, async () => {
          await driver.reshape(signal);
          await untilRunning(size, since, driver, context, signal);
        });
        return { id, outputs: outputsOf(id, await driver.describe(signal)) };
      });
    },

    async read(id, state, context) {
      const clients = connect(context.config, state?.inputs.connection);
      return withReason(context.signal, async () => {
        const fleet = await new Fleets(clients.ec2, { clusterName: "", nodeGroup: "" }, pace).get(id, context.signal);
        if (!fleet || !isAlive(fleet)) return undefined;
        const inputs = inputsOf(fleet, state?.inputs);
        const driver = open(inputs, context, id);
        return { inputs, outputs: outputsOf(id, await driver.describe(context.signal)) };
      });
    },

    async update(id, inputs, state, context) {
      const driver = open(inputs, context, id, state.inputs);
      return within("changing", createLimitMs, inputs, context, async (signal) => {
        const since = new Date();
        await keeping(id, driver, async () => {
          if (await driver.reshape(signal)) {
            context.log.info("the change concerns machines made from now on; those that run stay as they are");
          }
          await bringIntoBounds(inputs, driver, context, signal);
          await untilRunning(inputs.minSize, since, driver, context, signal);
        });
        return outputsOf(id, await driver.describe(signal));
      });
    },

    async delete(id, { inputs }, context) {
      const driver = open(inputs, context, id);
      await within("deleting", deleteLimitMs, inputs, context, (signal) => driver.destroy(signal));
    },
  };

  /** Waits for machines, tells what stands in the way, and gives up when it is nothing that passes. */
  async function untilRunning(
    size: number,
    since: Date,
    driver: FleetDriver,
    { log }: ResourceContext,
    signal: AbortSignal,
  ): Promise<void> {
    const told = new Set<string>();
    let live = -1;
    let stuckSince: number | undefined;
    await waitFor(
      async () => {
        const { machines } = await driver.describe(signal);
        const running = machines.filter(({ state }) => state === "running").length;
        if (running >= size) return true;
        log.status(`${running} of ${size} machines run`);
        const coming = machines.filter(({ state }) => state === "creating" || state === "running").length;
        const problems = coming < size ? await driver.problems(since, signal) : [];
        for (const { kind, message } of problems) {
          if (!told.has(message)) log.warn(`${kind}: ${message}`);
          told.add(message);
        }
        const last = problems.findLast(({ kind }) => kind === "quota" || kind === "rejected");
        if (!last || coming > live) stuckSince = last && Date.now();
        live = Math.max(live, coming);
        if (last && Date.now() - stuckSince! > patienceMs) {
          throw new Error(`AWS makes ${coming} of ${size} machines (${last.kind}): ${last.message}`);
        }
        return undefined;
      },
      signal,
      pace,
    );
  }
}

export const nodeGroupHandler = createNodeGroupHandler();

function within<T>(
  verb: string,
  ms: number,
  { clusterName, name }: NodeGroupInputs,
  context: ResourceContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const what = `${verb} node group "${name}" of cluster "${clusterName}"`;
  return limited(context, { what, ms }, (signal) => withReason(signal, () => work(signal)));
}

async function bringIntoBounds(
  { minSize, maxSize }: NodeGroupInputs,
  driver: FleetDriver,
  { log }: ResourceContext,
  signal: AbortSignal,
): Promise<void> {
  const { size, machines } = await driver.describe(signal);
  const wanted = clampSize(size, minSize, maxSize);
  const live = machines.filter(({ state }) => state === "creating" || state === "running");
  if (wanted === size && live.length <= maxSize) return;
  await driver.resize(wanted, signal);
  const beyond = live.length - maxSize;
  if (beyond > 0) {
    const newest = live.slice(-beyond).map(({ id }) => id);
    log.info(`removing ${newest.join(", ")}: more than maxSize`);
    await driver.remove(newest, signal);
  }
}

function outputsOf(fleetId: string, { size, machines }: NodeGroupDescription): NodeGroupOutputs {
  return {
    fleetId,
    size,
    machines: machines
      .filter(({ state }) => state !== "deleting")
      .map(({ id, nodeName, providerId, state }) => ({ id, nodeName, providerId, state })),
  };
}

/** The live fleet as inputs; what it does not tell is as it was. */
function inputsOf(fleet: FleetData, before: NodeGroupInputs | undefined): NodeGroupInputs {
  const tags = fromTagList(fleet.Tags);
  const shape = readFleet(fleet);
  if (before) {
    return {
      ...before,
      launchTemplateId: shape.launchTemplateId,
      launchTemplateVersion: Number(shape.launchTemplateVersion),
      instanceTypes: [...shape.instanceTypes],
      subnetIds: [...shape.subnetIds],
    };
  }
  const own: readonly string[] = Object.values(tagKeys);
  const others = Object.entries(tags).filter(
    ([key]) => !own.includes(key) && key !== "Name" && !key.startsWith("aws:"),
  );
  return {
    clusterName: tags[tagKeys.cluster] ?? "",
    name: tags[tagKeys.nodeGroup] ?? "",
    minSize: Number(tags[tagKeys.minSize] ?? 0),
    maxSize: Number(tags[tagKeys.maxSize] ?? targetOf(fleet)),
    launchTemplateId: shape.launchTemplateId,
    launchTemplateVersion: Number(shape.launchTemplateVersion),
    instanceTypes: [...shape.instanceTypes],
    subnetIds: [...shape.subnetIds],
    capacityType: shape.capacityType,
    allocationStrategy: shape.allocationStrategy,
    onDemandBase: shape.onDemandBase,
    ...(others.length > 0 && { tags: Object.fromEntries(others) }),
  };
}

/** When work fails after the fleet was made, the state keeps it, so that nothing is lost. */
async function keeping(id: string, driver: FleetDriver, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const seen = await driver.describe(AbortSignal.timeout(lookAfterAbortMs)).catch(() => undefined);
    const left = seen ? `it has ${seen.machines.length} machines now` : "which machines it has now is unknown";
    const outputs = seen ? outputsOf(id, seen) : { fleetId: id };
    throw new PartialFailure(id, outputs, [`${messageOf(error)} (${left}; the next \`pulumi up\` goes on)`], {
      cause: error,
    });
  }
}

function regionOf(inputs: Fields<NodeGroupInputs>): unknown {
  return (inputs.connection as { region?: unknown } | undefined)?.region;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
