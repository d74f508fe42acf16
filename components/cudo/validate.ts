import type * as pulumi from "../../sdk/pulumi";
import { checkAccess, checkVaultToken, movesGroups } from "../addons/autoscaler/access";
import { checkRanges } from "../cluster-ranges";
import { checkGpus } from "../addons/gpu/checks";
import { checkCommonArgs } from "../cluster-checks";
import { checkCommonGroups } from "../node-group-checks";
import { checkCopiedName, checkWhole } from "../value-checks";
import { Problems } from "../errors";
import { bySchema } from "../schema-check";
import { argsOf, known } from "../inputs";
import { checkSshKeys } from "../ssh-keys";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "./args";
import { gpuFields, mayMove } from "./node-groups";
import { networkCidr } from "./profiles";
import { checkVault } from "./vault";

/** RSA keys of 4096 bits have about 740; with longer ones, Cudo would not take the control plane's start script. */
export const longestPublicKey = 1000;

/** What is wrong with the arguments, and with the access of whoever makes the cluster. */
export function checkCudoCluster(
  name: string,
  given: CudoClusterArgs,
  options: pulumi.ComponentResourceOptions | undefined,
): Problems {
  const problems = checkCudoClusterArgs(name, given);
  const args = argsOf(given);
  const autoscaler = !problems.isRefused("nodeGroups") && movesGroups(args, mayMove);
  checkAccess("cudo", { options, autoscaler }, problems);
  if (args.vault) checkVaultToken(options, problems);
  return problems;
}

/** Checks all that can be known without asking Cudo; the VMs' and groups' own checks ask it. */
export function checkCudoClusterArgs(name: string, given: CudoClusterArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:cudo:CudoCluster", given, problems);
  checkCommonArgs(name, args, problems);
  checkSshKeys(args, problems);
  const key = known(args.sshPublicKey);
  if (key !== undefined && key.length > longestPublicKey) {
    problems.add(
      "sshPublicKey",
      `has ${key.length} characters, and a start script has room for ${longestPublicKey}: an Ed25519 key has 80`,
    );
  }
  if (args.sshPrivateKey !== undefined && args.sshPublicKey === undefined) {
    problems.add("sshPublicKey", "is required with sshPrivateKey: machines accept the key only then");
  }
  if (args.sshPrivateKey !== undefined && args.sshAccessCidrs === undefined) {
    problems.add("sshAccessCidrs", "is required with sshPrivateKey: port 22 is closed without, and no log can be read");
  }
  if (args.sshAccessCidrs !== undefined && args.sshPublicKey === undefined) {
    problems.add("sshPublicKey", "is required with sshAccessCidrs: machines accept no other key");
  }

  const groups = args.nodeGroups ?? [];
  checkCommonGroups(groups, problems);
  checkCopiedName("dataCenterId", args.dataCenterId, problems);
  checkCopiedName("controlPlane.machineType", args.controlPlane?.machineType, problems);
  groups.forEach((group, index) => checkNodeGroup(`nodeGroups[${index}]`, group, problems));
  checkGpus(groups.map(gpuFields), args, problems);
  if (args.sharedStorage) checkWhole("sharedStorage.sizeGib", args.sharedStorage.sizeGib, 1, problems);
  checkVault(args, problems);
  checkPlace(args, groups, problems);
  checkRanges(
    { podCidr: args.podCidr, serviceCidr: args.serviceCidr, nodeGroups: groups },
    { path: "the machines' network", cidr: networkCidr, fixed: true },
    problems,
  );
  return problems;
}

function checkNodeGroup(path: string, group: CudoNodeGroupArgs, problems: Problems): void {
  for (const [field, least] of [
    ["vcpus", 1],
    ["memoryGib", 1],
    ["diskSizeGib", 10],
    ["gpus", 0],
  ] as const) {
    checkWhole(`${path}.${field}`, group[field], least, problems);
  }
  for (const field of ["dataCenterId", "machineType", "gpuModel"] as const)
    checkCopiedName(`${path}.${field}`, group[field], problems);
  if (known(group.gpuModel) !== undefined && known(group.gpus) === 0) {
    problems.add(`${path}.gpus`, `gpuModel "${known(group.gpuModel)}" is given, so gpus must be at least 1`);
  }
}

/** Whether all groups are in one data center is told with what Cudo says of it: one of two names may be misspelt. */
function checkPlace(args: CudoClusterArgs, groups: readonly CudoNodeGroupArgs[], problems: Problems): void {
  if (groups.length > 0 || problems.isRefused("nodeGroups")) return;
  if (args.dataCenterId === undefined) problems.add("dataCenterId", "is required when there are no node groups");
  if (args.controlPlane?.machineType === undefined)
    problems.add("controlPlane.machineType", "is required when there are no node groups");
}
