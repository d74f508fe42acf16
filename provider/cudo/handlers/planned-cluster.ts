/** All that a cluster will ask Cudo for, looked up at once. */
import type { Unwrap } from "../../../sdk/pulumi";
import type { PlannedClusterArgs } from "../../../sdk/cudo/planned-cluster";
import { known, knownNumbers, type Fields } from "../../cloud/inputs";
import { items, ofNodeGroup, quietly } from "../../cloud/planned";
import { unlessStanding } from "../../cloud/standing";
import { remembered } from "../../kubernetes/handlers/remembered";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import type { CatalogueContent } from "../catalogue";
import type { Connection } from "../connection";
import { gpuUseFailures } from "../gpu-use";
import { dataCenterProblem, knownShape } from "../node-shape";
import { takenNameFailures } from "../taken-name";
import { isLeaving } from "../vm-state";
import { withCatalogue } from "./inputs";
import { checkNodeGroup, type NodeGroupInputs } from "./node-group-inputs";
import { checkVm } from "./vm-inputs";

export type PlannedClusterInputs = Unwrap<PlannedClusterArgs>;
type Machine = PlannedClusterInputs["controlPlane"];
type Group = NonNullable<PlannedClusterInputs["nodeGroups"]>[number];

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
    const controlPlane = machineOf(inputs.controlPlane);
    const [isThere, taken] = await Promise.all([exists(look, controlPlane), ofName(look, context.urn)]);
    // Of a cluster that is older than this resource nothing here says what stands.
    if (isThere && before === undefined) return taken;
    const groups = await Promise.all(items<Group>(inputs.nodeGroups).map((group) => ofGroup(look, ...group)));
    const found = [...taken, ...ofDataCenters(look), ...groups.flat()];
    const own = isThere ? [] : await ofMachine(look, controlPlane, "controlPlane.size");
    // Machines take a group's type, and its place, where they are given none of their own.
    const fresh = (failures: CheckFailure[], told: readonly CheckFailure[]) =>
      failures.filter(({ reason }) => !told.some((each) => each.reason === reason));
    const told = [...found, ...fresh(own, found)];
    return [...told, ...fresh(await ofFileServer(look), told)];
  }),
);

export const plannedClusterHandler: typeof remembering = {
  ...remembering,
  // What is asked for is kept for the next check. Whatever changes for it is shown where it changes.
  plan: () => ({ ignores: ["clusterName", "dataCenterId", "controlPlane", "sharedStorage", "nodeGroups"] }),
};

/** A cluster that was looked at before has had its name since then, however its resources were called. */
async function ofName({ inputs, before, connection, quiet }: Look, urn: string): Promise<CheckFailure[]> {
  const clusterName = known(inputs.clusterName);
  if (before !== undefined || clusterName === undefined) return [];
  const groups = items<Group>(inputs.nodeGroups).flatMap(([, { name }]) => known(name) ?? []);
  const vmId = known(machineOf(inputs.controlPlane)?.vmId);
  return takenNameFailures(connection.api, { clusterName, vmId, groups }, urn, quiet.signal);
}

/** Cudo's networks end at the data center. A name that is misspelt is no contradiction. */
function ofDataCenters({ inputs, before, catalogue }: Look): CheckFailure[] {
  const own = known(inputs.dataCenterId);
  const groups = items<Group>(inputs.nodeGroups).map(([index, group]) => {
    return { property: `nodeGroups[${index}].dataCenterId`, id: known(group.dataCenterId) };
  });
  const places = [...(own === undefined ? [] : [{ property: "dataCenterId", id: own }]), ...groups];
  const isKept = own !== undefined && own === before?.dataCenterId;
  const ownProblem = own === undefined || isKept ? undefined : dataCenterProblem(own, catalogue);
  if (ownProblem !== undefined) return [{ property: "dataCenterId", reason: ownProblem }];
  if (places.some(({ id }) => id !== undefined && dataCenterProblem(id, catalogue) !== undefined)) return [];
  const [home, ...others] = places;
  return others.flatMap(({ property, id }) => {
    if (home?.id === undefined || id === undefined || id === home.id) return [];
    const reason = `"${id}" differs from ${home.property}, "${home.id}"; Cudo's networks do not reach across data centers`;
    return [{ property, reason }];
  });
}

/** By the rules of the group's own resource. */
async function ofGroup(look: Look, index: number, group: Fields<Group>): Promise<CheckFailure[]> {
  const { inputs, before, catalogue, quiet } = look;
  const old = before?.nodeGroups?.find(({ name }) => name === known(group.name));
  const found = await checkNodeGroup(
    { ...group, clusterName: inputs.clusterName, ...unplanned },
    quiet,
    old as NodeGroupInputs | undefined,
  );
  const use = {
    ...knownShape(group),
    gpuDriver: known(group.gpuDriver) ?? false,
    mig: known(group.mig) ?? false,
    partitions: knownNumbers(group.partitions),
  };
  // Of nodes that are there theirs says more than an image that the cloud has changed or taken away.
  const useless = unlessStanding(gpuUseFailures(use, catalogue), {
    before: old,
    inputs: group,
    fields: ["image", "gpus", "gpuDriver", "machineType", "mig", "partitions"],
    log: quiet.log,
  });
  return ofNodeGroup("cudo", index, [...found, ...useless]);
}

/** What the offer does not decide about. */
const unplanned = {
  maxSize: Unknown.value,
  role: Unknown.value,
  networkId: Unknown.value,
  startScript: Unknown.value,
  kubeconfig: Unknown.value,
} as const;

/** A machine that is there is kept for the cluster's life, whatever its type would be now. */
async function exists({ connection, quiet }: Look, machine: Fields<Machine> | undefined): Promise<boolean> {
  const vmId = known(machine?.vmId);
  const vm = vmId === undefined ? undefined : await connection.api.vms.find(vmId, quiet.signal);
  return vm !== undefined && !isLeaving(vm);
}

async function ofMachine(
  { inputs, quiet }: Look,
  machine: Fields<Machine> | undefined,
  size: string,
): Promise<CheckFailure[]> {
  if (machine === undefined) return [];
  const [first] = items<Group>(inputs.nodeGroups);
  const dataCenterId = known(inputs.dataCenterId) ?? known(first?.[1].dataCenterId) ?? Unknown.value;
  const found = await checkVm({ ...machine, dataCenterId }, quiet);
  return found.map((failure) => atMachine(failure, size));
}

async function ofFileServer(look: Look): Promise<CheckFailure[]> {
  const server = machineOf(look.inputs.sharedStorage);
  return (await exists(look, server)) ? [] : ofMachine(look, server, "sharedStorage");
}

/** The user chooses the size of such a machine as a whole, its place with the cluster's. */
function atMachine({ property, reason }: CheckFailure, size: string): CheckFailure {
  if (property === "dataCenterId" || property.startsWith("cudo.")) return { property, reason };
  if (property === "machineType") return { property: `controlPlane.${property}`, reason };
  return { property: size, reason: `${property}: ${reason}` };
}

function machineOf(machine: Unknowable<Machine> | undefined): Fields<Machine> | undefined {
  return machine === undefined || isUnknown(machine) ? undefined : (machine as Fields<Machine>);
}
