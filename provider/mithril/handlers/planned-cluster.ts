/** All that a cluster will ask Mithril for, looked up at once. */
import type { Unwrap } from "../../../sdk/pulumi";
import type { PlannedClusterArgs } from "../../../sdk/mithril/planned-cluster";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { items, ofNodeGroup, quietly } from "../../cloud/planned";
import { remembered } from "../../kubernetes/handlers/remembered";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import type { CatalogueContent } from "../catalogue";
import type { Connection } from "../connection";
import { controlPlaneProblem, mayBeRegion, regionProblem, typeProblem } from "../offers";
import { checkKeys, liveClusters } from "./cluster";
import { withCatalogue } from "./inputs";
import { checkNodeGroup, type NodeGroupInputs } from "./node-group-inputs";
import { volumeFailures } from "./volume";

export type PlannedClusterInputs = Unwrap<PlannedClusterArgs>;
type Group = NonNullable<PlannedClusterInputs["nodeGroups"]>[number];
type Share = NonNullable<PlannedClusterInputs["fileShares"]>[number];

interface Look {
  readonly inputs: Fields<PlannedClusterInputs>;
  readonly before: PlannedClusterInputs | undefined;
  readonly catalogue: CatalogueContent;
  readonly connection: Connection;
  readonly quiet: ResourceContext;
}

const remembering = remembered<PlannedClusterInputs>((given, context, before) =>
  withCatalogue(context, async (catalogue, connection) => {
    const inputs = given as Fields<PlannedClusterInputs>;
    const look = { inputs, before, catalogue, connection, quiet: quietly(context) };
    // Of a cluster that is older than this resource nothing here says what stands.
    const name = known(inputs.clusterName);
    if (before === undefined && name !== undefined) {
      if ((await liveClusters(connection.api, name, context.signal)).length > 0) return [];
    }
    const groups = await Promise.all(items<Group>(inputs.nodeGroups).map((group) => ofGroup(look, ...group)));
    const failures = [...ofPlace(look), ...(await ofKey(look)), ...groups.flat(), ...ofShares(look)];
    // One region for several parts, and one refusal for several questions.
    return [...new Map(failures.map((failure) => [`${failure.property} ${failure.reason}`, failure])).values()];
  }),
);

export const plannedClusterHandler: typeof remembering = {
  ...remembering,
  // What is asked for is kept for the next check. Whatever changes for it is shown where it changes.
  plan: () => ({ ignores: ["clusterName", "region", "controlPlane", "sshKeyId", "nodeGroups", "fileShares"] }),
};

function ofPlace({ inputs, before, catalogue, quiet }: Look): CheckFailure[] {
  const [region, type] = [known(inputs.region), typeOf(inputs.controlPlane)];
  const regional = region === undefined ? undefined : regionProblem(region, "kubernetes", catalogue);
  const typed = type === undefined ? undefined : controlPlaneProblem(type, region, catalogue);
  return unlessStanding(
    [
      ...(regional === undefined ? [] : [{ property: "region", reason: regional }]),
      ...(typed === undefined ? [] : [{ property: "controlPlane.instanceType", reason: typed }]),
    ],
    { before, inputs, fields: ["region", "controlPlane"], log: quiet.log },
  );
}

async function ofKey({ inputs, before, connection, quiet }: Look): Promise<CheckFailure[]> {
  const key = known(inputs.sshKeyId);
  if (key === undefined) return [];
  const found = await checkKeys(
    [key],
    before?.sshKeyId === undefined ? [] : [before.sshKeyId],
    connection.api,
    quiet.signal,
  );
  return found.map(({ reason }) => ({ property: "sshKeyId", reason }));
}

/** By the rules of the group's own resource. Where there is no such region, the type may be one of any. */
async function ofGroup(look: Look, index: number, group: Fields<Group>): Promise<CheckFailure[]> {
  const { inputs: cluster, catalogue, quiet } = look;
  const region = known(group.region) ?? known(cluster.region);
  const inputs = {
    ...group,
    region: region ?? Unknown.value,
    clusterName: cluster.clusterName,
    clusterId: Unknown.value,
    sshKeys: Unknown.value,
  };
  const before = groupBefore(look.before, known(group.name));
  const isNowhere = region !== undefined && !mayBeRegion(region, catalogue);
  const anywhere = isNowhere ? await ofTypeAnywhere(look, group) : [];
  const found = [
    ...(await checkNodeGroup(isNowhere ? { ...inputs, region: Unknown.value } : inputs, quiet, before)),
    ...unlessStanding(anywhere, { before, inputs, fields: ["region", "instanceType"], log: quiet.log }),
  ];
  return ofNodeGroup("mithril", index, found);
}

function groupBefore(before: PlannedClusterInputs | undefined, name: string | undefined): NodeGroupInputs | undefined {
  const group = before?.nodeGroups?.find((each) => each.name === name);
  return group && ({ ...group, region: group.region ?? before!.region } as NodeGroupInputs);
}

async function ofTypeAnywhere({ catalogue, connection, quiet }: Look, group: Fields<Group>): Promise<CheckFailure[]> {
  const type = known(group.instanceType);
  if (type === undefined || isUnknown(group.capacity)) return [];
  const auctioned = catalogue.instanceTypes.filter(({ fid }) =>
    catalogue.markets.some(({ instanceType }) => instanceType === fid),
  );
  const isReserved = (group.capacity as Fields<Group["capacity"]>).reservation !== undefined;
  const reason = typeProblem(type, isReserved ? await connection.reservable.read(quiet.signal) : auctioned);
  return reason === undefined ? [] : [{ property: "instanceType", reason }];
}

function ofShares({ inputs, before, catalogue, quiet }: Look): CheckFailure[] {
  const region = known(inputs.region);
  if (region === undefined || !mayBeRegion(region, catalogue)) return [];
  return items<Share>(inputs.fileShares).flatMap(([index, share]) => {
    const found = volumeFailures({ region, kind: "File", sizeGb: known(share.sizeGb) }, catalogue);
    const old = before?.fileShares?.find(({ name }) => name === known(share.name));
    const standing = old && before?.region === region ? old : undefined;
    const failures = unlessStanding(found, { before: standing, inputs: share, fields: ["sizeGb"], log: quiet.log });
    return failures.map(({ property, reason }) => ({
      property: property === "region" ? property : `fileShares[${index}].${property}`,
      reason,
    }));
  });
}

function typeOf(controlPlane: Unknowable<PlannedClusterInputs["controlPlane"]>): string | undefined {
  return isUnknown(controlPlane) ? undefined : known((controlPlane as { instanceType: string | Unknown }).instanceType);
}
