import { isDeepStrictEqual } from "node:util";
import type { FleetData } from "@aws-sdk/client-ec2";
import type { GroupAdapter } from "../../node-groups/adapter";
import { nodeGroupHandler as handlerOf } from "../../node-groups/handler";
import type { NodeGroupDriver } from "../../node-groups/driver";
import type { Waiting } from "../../node-groups/waiting";
import type { ResourceContext, ResourceHandler } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { connect } from "../connection";
import { explains, pairsOf } from "../fleet/fleet-pairs";
import { readFleet } from "../fleet/fleet-request";
import { capacityOf, termsOf } from "../fleet/fleet-spec";
import { Fleets, isAlive, targetOf } from "../fleet/fleets";
import { driverOf } from "../open-node-group";
import { fromTagList, tagKeys, type GroupName } from "../ownership";
import { awsPace } from "../pace";
import { checkNodeGroup, type NodeGroupInputs, type NodeGroupOutputs } from "./node-group-inputs";

/** A fleet's history lags behind by up to half a minute, and tells of what has passed: minutes say whether it stays. */
const usually: Waiting = { pace: awsPace, patienceMs: 180_000, refills: true, backoffMs: 15_000 };

export function createNodeGroupHandler(
  rest: Partial<Waiting> = {},
): ResourceHandler<NodeGroupInputs, NodeGroupOutputs> {
  const waiting = { ...usually, ...rest };
  const { pace } = waiting;

  const adapter: GroupAdapter<NodeGroupInputs, NodeGroupOutputs, NodeGroupDriver> = {
    check: checkNodeGroup,
    limits: { changeMs: 30 * 60_000, deleteMs: 60 * 60_000 },
    waiting,
    newMachinesOnly: ["launchTemplateId", "launchTemplateVersion", "instanceTypes", "subnetIds"],

    open({ inputs, context, id, before }) {
      const { ec2 } = connect(context.config);
      const formerTags = Object.keys(before?.tags ?? {});
      const fleetId = id !== undefined && isFleetId(id) ? id : undefined;
      return driverOf({ ec2, spec: inputs, owner: context.urn, fleetId, formerTags, pace });
    },

    isByName: (id) => !isFleetId(id),
    idByName: ({ clusterName, name }) => `${clusterName}/${name}`,

    plan({ inputs: before }, inputs) {
      const capacity = isUnknown(inputs.capacity) ? undefined : (inputs as Pick<NodeGroupInputs, "capacity">);
      const sameTerms = capacity !== undefined && isDeepStrictEqual(termsOf(capacity), termsOf(before));
      return { replaces: ["capacity"], ignores: ["zones", ...(sameTerms ? ["capacity"] : [])] };
    },

    stays: ({ fleetId, machines }, sameSize) => ({ fleetId, ...(sameSize && { machines }) }),

    async read(id, state, context) {
      const fleet = await findFleet(id, context);
      return fleet && isAlive(fleet) ? inputsOf(fleet, state?.inputs) : undefined;
    },

    outputs: (id, { id: fleetId = id, size, machines }) => ({
      fleetId,
      size,
      machines: machines
        .filter(({ state }) => state !== "deleting")
        .map(({ id: instance, nodeName, providerId, state }) => ({ id: instance, nodeName, providerId, state })),
    }),
  };

  /** By its id, or by the names that stand in its place where the id did not come to be known. */
  async function findFleet(id: string, { config, signal }: ResourceContext): Promise<FleetData | undefined> {
    const fleets = (group: GroupName) => new Fleets(connect(config).ec2, group, pace);
    const [clusterName = "", nodeGroup = ""] = isFleetId(id) ? [] : id.split("/");
    const group = fleets({ clusterName, nodeGroup });
    return isFleetId(id) ? group.get(id, signal) : (await group.find(signal)).find(isAlive);
  }

  return handlerOf(adapter);
}

export const nodeGroupHandler = createNodeGroupHandler();

function isFleetId(id: string): boolean {
  return id.startsWith("fleet-");
}

/** Of its own tags; others' stay. */
function asTheyAre(own: Record<string, string>, live: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(own).flatMap((key) => (key in live ? [[key, live[key]!]] : [])));
}

/** The live fleet as inputs; what it does not tell is as it was. */
function inputsOf(fleet: FleetData, before: NodeGroupInputs | undefined): NodeGroupInputs {
  const tags = fromTagList(fleet.Tags);
  const shape = readFleet(fleet);
  if (before) {
    // Of a subnet in whose zone AWS offers none of the types, a fleet has nothing.
    const isSame = explains(before, pairsOf(fleet));
    return {
      ...before,
      ...(before.tags && { tags: asTheyAre(before.tags, tags) }),
      launchTemplateId: shape.launchTemplateId,
      launchTemplateVersion: Number(shape.launchTemplateVersion),
      ...(!isSame && { instanceTypes: [...shape.instanceTypes], subnetIds: [...shape.subnetIds] }),
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
    capacity: capacityOf(shape),
    ...(others.length > 0 && { tags: Object.fromEntries(others) }),
  };
}
