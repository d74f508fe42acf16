/** A node group's inputs: what is wrong with them, and what they mean. */
import type * as pulumi from "../../../sdk/pulumi";
import { isDnsLabel } from "../../../sdk/dns-label";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import type { NodeGroupArgs, NodeGroupMachineState } from "../../../sdk/cudo/node-group";
import { capacityProblem, checkNodeShape, demandOfOne, knownShape } from "../node-shape";
import { metadataKeys } from "../ownership";
import type { Vm } from "../types";
import { machineState } from "../vm-state";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { checkMachineVault } from "../../vault/checks";
import { checkSshKeys, shapeFields, withCatalogue } from "./inputs";
import { messageOf } from "../../../sdk/message";

export type NodeGroupInputs = pulumi.Unwrap<NodeGroupArgs>;

export interface NodeGroupOutputs {
  size: number;
  machines: NodeGroupMachineState[];
  problems: string[];
}

export async function checkNodeGroup(
  given: Unknowable<NodeGroupInputs>,
  context: ResourceContext,
  before?: NodeGroupInputs,
): Promise<CheckFailure[]> {
  const inputs = given as Fields<NodeGroupInputs>;
  const shape = { ...knownShape(inputs), gpuModel: known(inputs.gpuModel) };
  const offered = await withCatalogue(context, async (catalogue, { api }) => {
    const fields = [...shapeFields, "gpuModel"] as const;
    const found = checkNodeShape(shape, catalogue);
    const failures = unlessStanding(found, { before, inputs, fields, log: context.log });
    if (found.length > failures.length) return failures;
    const wanted = inputs.initialSize === undefined ? known(inputs.minSize) : known(inputs.initialSize);
    if (failures.length > 0 || !wanted) return failures;
    const demand = demandOfOne(shape, catalogue);
    if (demand === undefined) return [];
    const shortage = (count: number) => capacityProblem({ ...demand, count, publicAddresses: count }, catalogue);
    if (!shortage(wanted)) return [];
    // Machines that are there need no room: what counts is what is missing of the least size.
    const live = await liveMembers(api.vms.list(context.signal), known(inputs.clusterName), known(inputs.name));
    const missing = live > 0 ? (known(inputs.minSize) ?? 0) - live : wanted;
    const problem = shortage(missing);
    return problem ? [problem] : [];
  });
  return [
    ...checkFields(inputs),
    ...checkSshKeys(inputs, before),
    ...checkMachineVault(inputs.vault, before?.vault),
    ...offered,
  ];
}

async function liveMembers(
  listing: Promise<Vm[]>,
  clusterName: string | undefined,
  name: string | undefined,
): Promise<number> {
  const members = (await listing).filter(
    ({ metadata }) => metadata[metadataKeys.cluster] === clusterName && metadata[metadataKeys.nodeGroup] === name,
  );
  return members.filter((vm) => ["creating", "running"].includes(machineState(vm))).length;
}

function checkFields(inputs: Fields<NodeGroupInputs>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason });
  const name = known(inputs.name);
  if (name !== undefined && !isDnsLabel(name)) {
    fail(
      "name",
      `"${name}" must have 1 to 63 lower-case letters, digits and hyphens, and start and end with a letter or digit`,
    );
  }
  const clusterName = known(inputs.clusterName);
  if (clusterName !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(clusterName)) {
    fail(
      "clusterName",
      `"${clusterName}" must have letters, digits and hyphens, and start and end with a letter or digit`,
    );
  }
  const [min, max, initial] = [known(inputs.minSize), known(inputs.maxSize), known(inputs.initialSize)];
  for (const [field, value] of [
    ["minSize", min],
    ["maxSize", max],
    ["initialSize", initial],
  ] as const) {
    if (value !== undefined && value < 0) fail(field, `must be at least 0, is ${value}`);
  }
  if (min !== undefined && max !== undefined && min > max) fail("minSize", `${min} is more than maxSize, ${max}`);
  if (initial !== undefined && ((min !== undefined && initial < min) || (max !== undefined && initial > max))) {
    fail("initialSize", `${initial} must lie between minSize, ${min}, and maxSize, ${max}`);
  }
  const kubeconfig = known(inputs.kubeconfig);
  if (kubeconfig !== undefined) {
    try {
      parseKubeconfig(kubeconfig);
    } catch (error) {
      fail("kubeconfig", messageOf(error));
    }
  }
  return failures;
}

/** As far as the newest machine shows them; the program's own values take their place at the next `up`, in place. */
export function importedInputs(clusterName: string, name: string, members: readonly Vm[]): NodeGroupInputs {
  const vm = [...members].sort((a, b) => b.createTime.localeCompare(a.createTime))[0]!;
  return {
    clusterName,
    name,
    role: "worker",
    minSize: members.length,
    maxSize: members.length,
    dataCenterId: vm.dataCenterId,
    machineType: vm.machineType,
    vcpus: vm.vcpus,
    memoryGib: vm.memoryGib,
    gpus: vm.gpus,
    diskSizeGib: vm.bootDiskSizeGib,
    image: vm.imageId,
    networkId: vm.nics[0]?.networkId ?? "",
    securityGroupIds: vm.securityGroupIds,
    customSshKeys: vm.authorizedSshKeys,
    startScript: "",
    kubeconfig: "",
  };
}
