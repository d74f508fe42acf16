import type * as pulumi from "../../sdk/pulumi";
import { checkAccess, movesGroups } from "../addons/autoscaler/access";
import { periodProblems, priceProblems, scriptProblems } from "../../sdk/mithril/order-rules";
import { checkBounds, checkGroupNames } from "../node-group-checks";
import { checkBetween, checkCopiedName, checkDuration } from "../value-checks";
import { Problems } from "../errors";
import { bySchema } from "../schema-check";
import { argsOf, known } from "../inputs";
import { checkHostKey, checkSshKeys } from "../ssh-keys";
import type { MithrilClusterArgs, MithrilNodeGroupArgs } from "./args";
import { mayMove } from "./node-groups";

/** What is wrong with the arguments, and with the access of whoever makes the cluster. */
export function checkMithrilCluster(
  name: string,
  given: MithrilClusterArgs,
  options: pulumi.ComponentResourceOptions | undefined,
): Problems {
  const problems = checkMithrilClusterArgs(name, given);
  const args = argsOf(given);
  const autoscaler = !problems.isRefused("nodeGroups") && movesGroups(args, mayMove);
  checkAccess("mithril", { options, autoscaler }, problems);
  return problems;
}

/** Checks all that can be known without asking Mithril; the resources' own checks ask it. */
export function checkMithrilClusterArgs(name: string, given: MithrilClusterArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:mithril:MithrilCluster", given, problems);
  const { clusterName = name, namePrefix = "" } = args;
  checkName(isName(clusterName) ? "namePrefix" : "clusterName", `${namePrefix}${clusterName}`, problems);
  for (const field of ["region", "sshKeyId"] as const) checkCopiedName(field, args[field], problems);
  checkCopiedName("controlPlane.instanceType", args.controlPlane?.instanceType, problems);
  checkKeys(args, problems);
  checkBetween("sshPort", args.sshPort, [1, 65_535], problems);
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  checkDuration("scaleDownAfter", args.scaleDownAfter, problems);
  const groups = args.nodeGroups ?? [];
  checkGroupNames(
    "nodeGroups",
    groups.map(({ name }) => name),
    problems,
  );
  groups.forEach((group, index) => checkGroup(`nodeGroups[${index}]`, group, known(args.region), problems));
  checkShares(args, problems);
  return problems;
}

function isName(name: string): boolean {
  return /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

function checkName(path: string, name: string, problems: Problems): void {
  if (!isName(name)) {
    const rule = "1 to 63 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen";
    problems.add(path, `"${name}" must have ${rule}`);
  }
}

function checkKeys(args: MithrilClusterArgs, problems: Problems): void {
  const isOne = (args.sshPublicKey === undefined) !== (args.sshKeyId === undefined);
  if (!isOne && !problems.isRefused("sshKeyId")) {
    problems.add("sshPublicKey", "is required, or sshKeyId in its place: exactly one of the two");
  }
  const keyId = known(args.sshKeyId);
  if (keyId && !keyId.startsWith("sshkey_")) problems.add("sshKeyId", `"${keyId}" must be a key's fid, sshkey_…`);
  checkSshKeys(args, problems);
  checkHostKey("hostKey", args.hostKey, problems);
}

function checkGroup(path: string, group: MithrilNodeGroupArgs, region: string | undefined, problems: Problems): void {
  const [minSize, maxSize] = [known(group.minSize), known(group.maxSize)];
  checkBounds(path, { minSize, maxSize, role: "worker" }, problems);
  checkCopiedName(`${path}.instanceType`, group.instanceType, problems);
  const own = known(group.region);
  if (own !== undefined && region !== undefined && own !== region) {
    const why = `"${own}" must be the cluster's region, "${region}": instances of another region never join it`;
    problems.add(`${path}.region`, why);
  }
  const { spot, reservation } = group.capacity ?? {};
  const isOne = (spot === undefined) !== (reservation === undefined);
  if (group.capacity !== undefined && !isOne && !problems.isRefused(`${path}.capacity`)) {
    problems.add(`${path}.capacity`, 'must have exactly one of "spot" and "reservation"');
  }
  checkOrder(`${path}.capacity`, group.capacity ?? {}, problems);
  for (const { property, reason } of scriptProblems(`${path}.startupScript`, known(group.startupScript)))
    problems.add(property, reason);
  if (reservation !== undefined && minSize !== undefined && maxSize !== undefined && minSize !== maxSize) {
    problems.add(`${path}.maxSize`, `must be minSize, ${minSize}: a reservation's number of instances is fixed`);
  }
}

/** Whether a start has passed is for the order itself to say: one that is there began when it did. */
function checkOrder(path: string, capacity: NonNullable<MithrilNodeGroupArgs["capacity"]>, problems: Problems): void {
  const [spot, reservation] = [known(capacity.spot), known(capacity.reservation)];
  const found = [
    ...priceProblems(`${path}.spot.limitPrice`, known(spot?.limitPrice)),
    ...priceProblems(`${path}.reservation.maxUnitPrice`, known(reservation?.maxUnitPrice)),
    ...periodProblems(`${path}.reservation.`, known(reservation?.start), known(reservation?.end)),
  ];
  for (const { property, reason } of found) problems.add(property, reason);
}

function checkShares(args: MithrilClusterArgs, problems: Problems): void {
  const first = new Map<string, number>();
  const { share } = args.sharedStorage ?? {};
  const names = (args.fileShares ?? []).map(({ name }) => name);
  if (share !== undefined && !names.includes(share))
    problems.add(
      "sharedStorage.share",
      `"${share}" is not among fileShares, which are: ${[...new Set(names)].join(", ") || "none"}`,
    );
  (args.fileShares ?? []).forEach(({ name, sizeGb }, index) => {
    const path = `fileShares[${index}]`;
    if (!/^[a-z]([a-z0-9-]{0,62}[a-z0-9])?$/.test(name)) {
      const rule = "1 to 64 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen";
      problems.add(`${path}.name`, `"${name}" must have ${rule}`);
    } else if (first.has(name)) {
      problems.add(`${path}.name`, `"${name}" is also the name of fileShares[${first.get(name)}]`);
    } else if (name === "local") {
      problems.add(`${path}.name`, "must not be local: /mnt/local is the nodes' own disk");
    } else first.set(name, index);
    checkBetween(`${path}.sizeGb`, sizeGb, [1, 32_000], problems);
  });
}
