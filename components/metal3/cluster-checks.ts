/** What is wrong with a BareMetalCluster before anything is written. Pure. */
import { isDnsLabel } from "../../sdk/dns-label";
import { checkRanges } from "../cluster-ranges";
import { Problems } from "../errors";
import { checkPlace } from "../handles";
import { checkGroupNames, checkLabels, checkObjectLabels, checkTaints } from "../node-group-checks";
import { bySchema } from "../schema-check";
import { checkBetween, checkCopiedName, checkWhole } from "../value-checks";
import type { BareMetalClusterArgs, BareMetalGroupArgs } from "./args";
import { checkImage, checksumTypeOf } from "./host-checks";
import type { MachineImageArgs } from "./hosts-args";
import { checkClusterName, checkEndpoint } from "./place-checks";

export function checkBareMetalCluster(name: string, given: BareMetalClusterArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:metal3:BareMetalCluster", given, problems);
  const { clusterName = name, kubernetesVersion, nodeGroups = [] } = args;
  checkPlace("inventory", args.inventory, problems);
  checkClusterName(clusterName, problems);
  checkEndpoint(args.endpoint, "10.0.0.5:6443", problems);
  if (kubernetesVersion !== undefined && !/^1(\.(0|[1-9]\d*)){2}$/.test(kubernetesVersion))
    problems.add("kubernetesVersion", `"${kubernetesVersion}" must be the image's own version in full, such as 1.37.2`);
  if (args.image) checkMachineImage("image", args.image, problems);
  const { count = 1 } = args.controlPlane ?? {};
  if (![1, 3, 5].includes(count))
    problems.add("controlPlane.count", `must be 1, 3 or 5, is ${count}: etcd needs a majority`);
  if (args.controlPlane) checkMachines("controlPlane", args.controlPlane, problems);
  checkGroupNames(
    "nodeGroups",
    nodeGroups.map((group) => group.name),
    problems,
  );
  nodeGroups.forEach((group, index) => checkGroup(`nodeGroups[${index}]`, group, problems));
  checkSharedHosts(args.controlPlane?.hostLabels ?? {}, nodeGroups, problems);
  const groups = nodeGroups.map((group) => ({ minSize: group.count }));
  checkRanges({ ...args, nodeGroups: groups, controlPlane: { count } }, undefined, problems);
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}

function checkGroup(path: string, group: BareMetalGroupArgs, problems: Problems): void {
  if (group.name !== undefined && isDnsLabel(group.name) && group.name.length > 40)
    problems.add(`${path}.name`, `"${group.name}" must have at most 40 characters`);
  checkWhole(`${path}.count`, group.count, 0, problems);
  checkWhole(`${path}.gpus`, group.gpus, 0, problems);
  checkCopiedName(`${path}.gpuModel`, group.gpuModel, problems);
  checkMachines(path, group, problems);
  checkLabels(`${path}.labels`, group.labels, problems);
  checkTaints(`${path}.taints`, group.taints, problems);
}

type Machines = Pick<BareMetalGroupArgs, "hostLabels" | "image">;

function checkMachines(path: string, { hostLabels = {}, image }: Machines, problems: Problems): void {
  if (Object.keys(hostLabels).length === 0 && !problems.isRefused(`${path}.hostLabels`))
    problems.add(`${path}.hostLabels`, "must have at least one, or it would take any host");
  checkObjectLabels(`${path}.hostLabels`, hostLabels, problems);
  if (image) checkMachineImage(`${path}.image`, image, problems);
}

function checkMachineImage(path: string, image: MachineImageArgs, problems: Problems): void {
  const before = problems.all.length;
  checkImage(path, image, problems);
  if (image.checksum === undefined || problems.isRefused(`${path}.checksumType`)) return;
  if (problems.all.length === before && checksumTypeOf(image) === undefined)
    problems.add(`${path}.checksumType`, "is required where the checksum is a URL: md5, sha256 or sha512");
}

/** Whoever comes first would take the GPUs' servers for the control plane, or the control plane's for nodes. */
function checkSharedHosts(
  own: Record<string, string>,
  nodeGroups: readonly BareMetalGroupArgs[],
  problems: Problems,
): void {
  if (Object.keys(own).length === 0) return;
  nodeGroups.forEach(({ hostLabels = {} }, index) => {
    if (Object.keys(hostLabels).length === 0) return;
    const path = `nodeGroups[${index}].hostLabels`;
    const way = "give hosts labels that tell them apart";
    const [isWithin, isAround] = [includes(hostLabels, own), includes(own, hostLabels)];
    if (isWithin && isAround)
      problems.add(path, `are those of controlPlane: either could get the other's servers; ${way}`);
    else if (isWithin)
      problems.add(path, `have all of controlPlane.hostLabels among them: that could get the group's servers; ${way}`);
    else if (isAround)
      problems.add(path, `are all among controlPlane.hostLabels: the group could get its servers; ${way}`);
  });
}

function includes(labels: Record<string, string>, some: Record<string, string>): boolean {
  return Object.entries(some).every(([key, value]) => labels[key] === value);
}
