/** A node group's inputs: what is wrong with them, and what they mean. */
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { known, knownList, type Fields } from "../../cloud/inputs";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import type { FleetSpec } from "../fleet/fleet-spec";
import { isDnsLabel } from "../../../sdk/dns-label";
import { capacityProblems, purchaseOf, readCapacity } from "../../../sdk/aws/capacity";
import type { NodeGroupMachineState } from "../../../sdk/aws/node-group";
import { readImage } from "../images";
import { gpusInWords } from "../instance-types";
import { fromTagList, groupTags, tagKeys } from "../ownership";
import { examineGroup, settingFailures, type GroupFacts } from "../preflight/preflight";
import { instanceProfileExists, readGroupFacts, readSubnetZones, readTemplate } from "../preflight/preflight-facts";
import { withReason } from "../../cloud/wait";
import { connectIfKnown } from "../connection";

export type NodeGroupInputs = FleetSpec;

export interface NodeGroupOutputs {
  fleetId: string;
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
  const failures = nameFailures(inputs);
  failures.push(
    ...settingFailures({
      minSize: known(inputs.minSize),
      maxSize: known(inputs.maxSize),
      initialSize: known(inputs.initialSize),
      instanceTypes: Array.isArray(inputs.instanceTypes) ? inputs.instanceTypes : undefined,
      subnetIds: Array.isArray(inputs.subnetIds) ? inputs.subnetIds : undefined,
    }),
    ...capacityFailures(inputs),
  );
  const clients = failures.length > 0 ? undefined : connectIfKnown(context.config);
  if (!clients) return failures;
  try {
    return await withReason(context.signal, () => cloudFailures(inputs, clients, context, before));
  } catch (error) {
    // A preview may run without the rights, or without credentials: the operation itself will say so.
    if (!isAwsError(error, "permission", "credentials")) throw error;
    context.log.warn(`not checked against AWS: ${error.message}`);
    return [];
  }
}

function nameFailures({ name, clusterName }: Fields<NodeGroupInputs>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const group = known(name);
  if (group !== undefined && !isDnsLabel(group)) {
    const reason = `"${group}" must have 1 to 63 lower-case letters, digits and hyphens, and start and end with a letter or digit`;
    failures.push({ property: "name", reason });
  }
  const cluster = known(clusterName);
  if (cluster !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(cluster)) {
    const reason = `"${cluster}" must have letters, digits and hyphens, and start and end with a letter or digit`;
    failures.push({ property: "clusterName", reason });
  }
  return failures;
}

function capacityFailures({ capacity, minSize }: Fields<NodeGroupInputs>): CheckFailure[] {
  if (capacity === undefined || isUnknown(capacity)) return [];
  const problems = capacityProblems(readCapacity(capacity, knownPart), known(minSize));
  return problems.map(({ path, reason }) => ({ property: `capacity${path}`, reason }));
}

async function cloudFailures(
  inputs: Fields<NodeGroupInputs>,
  clients: AwsClients,
  { signal, log }: ResourceContext,
  before: NodeGroupInputs | undefined,
): Promise<CheckFailure[]> {
  const subnetIds = knownList(inputs.subnetIds);
  const [template, subnets] = await Promise.all([
    templateFindings(inputs, clients, signal, before !== undefined),
    subnetIds
      ? readSubnetZones(clients.ec2, subnetIds, "subnetIds", signal)
      : { zones: knownList(inputs.zones) ?? [], vpcId: undefined, failures: [] },
  ]);
  const failures = [...template.failures, ...subnets.failures];
  const instanceTypes = knownList(inputs.instanceTypes);
  const [minSize, maxSize] = [known(inputs.minSize), known(inputs.maxSize)];
  const { capacity } = inputs;
  if (!instanceTypes || minSize === undefined || maxSize === undefined || isUnknown(capacity)) return failures;
  const plan = { instanceTypes, minSize, maxSize, ...purchaseOf(readCapacity(capacity, knownPart)) };
  const surroundings = { zones: subnets.zones, vpcId: subnets.vpcId, imageArchitecture: template.imageArchitecture };
  const facts = await readGroupFacts(clients, plan, surroundings, signal);
  const findings = examineGroup({ ...plan, isNew: before === undefined }, facts);
  const warnings = [...template.warnings, ...findings.warnings, ...uncountedGpus(inputs, facts)];
  if (before && isDeepStrictEqual(planOf(before), plan)) {
    // Its machines run: what AWS offers by now, and how much, concerns those that are still to come.
    warnings.push(...findings.failures.map(({ property, reason }) => `${property}: ${reason}`));
  } else {
    failures.push(...findings.failures);
  }
  for (const warning of warnings) log.warn(warning);
  return failures;
}

/** Names of types tell of GPUs only as long as they are known here. */
function uncountedGpus({ gpus }: Fields<NodeGroupInputs>, { types }: GroupFacts): string[] {
  const counted = gpus === undefined || isUnknown(gpus) ? undefined : (gpus as { count?: unknown }).count;
  const [some] = types.filter((type) => type.gpus > 0);
  if (counted !== 0 || !some) return [];
  return [
    `gpus: AWS says that ${some.name} has ${gpusInWords(some)}, and the group counts none: with \`gpus: ${some.gpus}\` nodes offer them`,
  ];
}

function planOf({ instanceTypes, minSize, maxSize, capacity }: NodeGroupInputs): object {
  return { instanceTypes, minSize, maxSize, ...purchaseOf(capacity) };
}

async function templateFindings(
  inputs: Fields<NodeGroupInputs>,
  { ec2, iam }: AwsClients,
  signal: AbortSignal,
  exists: boolean,
): Promise<{ failures: CheckFailure[]; warnings: string[]; imageArchitecture: string | undefined }> {
  const nothing = { failures: [], warnings: [], imageArchitecture: undefined };
  const [id, version] = [known(inputs.launchTemplateId), known(inputs.launchTemplateVersion)];
  if (id === undefined || version === undefined) return nothing;
  const data = await readTemplate(ec2, id, String(version), signal);
  // At a preview of a change, the version may not have been made yet.
  if (!data) return nothing;
  const failures: CheckFailure[] = [];
  const [clusterName, nodeGroup] = [known(inputs.clusterName), known(inputs.name)];
  const tagged = data.TagSpecifications?.find(({ ResourceType }) => ResourceType === "instance");
  const tags = fromTagList(tagged?.Tags);
  if (clusterName !== undefined && nodeGroup !== undefined) {
    for (const [key, value] of Object.entries(groupTags({ clusterName, nodeGroup }))) {
      if (tags[key] !== value) {
        const reason = `${id} version ${version} must give instances the tag ${key}=${value}: by it the group finds its machines`;
        failures.push({ property: "launchTemplateId", reason });
      }
    }
  }
  if (data.MetadataOptions?.InstanceMetadataTags === "enabled") {
    const reason = `${id} version ${version} shows tags in instance metadata: EC2 then refuses tag keys with a slash, as ${tagKeys.cluster}`;
    failures.push({ property: "launchTemplateId", reason });
  }
  const { Arn, Name } = data.IamInstanceProfile ?? {};
  const profile = Name ?? Arn?.split("/").at(-1);
  if (profile !== undefined && !(await instanceProfileExists(iam, profile, signal))) {
    const reason = `${id} version ${version} gives machines the instance profile "${profile}", which does not exist`;
    failures.push({ property: "launchTemplateId", reason });
  }
  const image = data.ImageId ? await readImage(ec2, data.ImageId, signal) : undefined;
  const warnings: string[] = [];
  if (data.ImageId && image === undefined) {
    const reason = `image "${data.ImageId}" of ${id} does not exist in the region`;
    // What runs needs no image.
    if (exists) warnings.push(`${reason}: until \`image\` of the group names another, no machine can be added`);
    else failures.push({ property: "launchTemplateId", reason });
  }
  return { failures, warnings, imageArchitecture: image?.Architecture };
}

function knownPart(value: unknown): unknown {
  return isUnknown(value) ? undefined : value;
}
