/** From the create-cluster request to a component's arguments. Pure. */
import type { AwsClusterArgs, AwsNodeGroupArgs } from "../aws/args";
import { requestPrefix } from "../aws/tags";
import { checkAwsClusterArgs } from "../aws/validate";
import type { ClusterVaultArgs } from "../../sdk/vault/machine-vault";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "../cudo/args";
import { checkCudoClusterArgs } from "../cudo/validate";
import { checkSlurmGroups, checkSlurmName } from "../addons/slurm/name";
import { checkChoice, checkToken } from "../value-checks";
import { InvalidInput, Problems } from "../errors";
import { withoutNulls } from "../inputs";
import { checkFields, isObject } from "../fields";
import { groupFields, requestFields, settingsFields, taintFields } from "./fields";
import type { IntegrationOptions } from "./integrations";
import { integrationNames } from "./request";
import type {
  AwsRequestGroup,
  AwsSettings,
  CloudAccount,
  CreateClusterRequest,
  CudoRequestGroup,
  CudoSettings,
  IntegrationName,
} from "./request";

export const defaultRegion = "us-east-1";

export type ClusterArgs = { integrations?: readonly IntegrationName[] } & (
  { cloud: "aws"; args: AwsClusterArgs } | { cloud: "cudo"; args: CudoClusterArgs }
);

export interface MappingOptions {
  /** By `cloud_account_id`. */
  accounts: Readonly<Record<number, CloudAccount>>;
  /** What the request's integrations need to know. */
  integrations?: IntegrationOptions;
  /** Where machines on Cudo have the keys of their encrypted disks. Default: none, and requests must say `no_vault`. */
  vault?: ClusterVaultArgs;
}

const component = "CreateCluster";

/** Throws `InvalidInput` with all problems, by the request's own fields. */
export function clusterArgs(given: CreateClusterRequest, options: MappingOptions): ClusterArgs {
  const problems = new Problems();
  if (!isObject(given)) problems.add("request", "must be an object of the request's fields");
  if (!isObject(options?.accounts)) problems.add("accounts", "is required: accounts by the requests' cloud_account_id");
  problems.raise(component);
  const { accounts, integrations = {}, vault } = options;
  const request = withoutNulls(given);
  const account = checkRequest(given, accounts, problems);
  // What is of the wrong kind cannot be looked at any further.
  if (!account || problems.all.length > 0) throw new InvalidInput(component, problems.all);
  const made =
    account.provider === "aws" ? awsArgs(request, account, integrations, problems) : cudoArgs(request, vault, problems);
  const found =
    made.cloud === "aws" ? checkAwsClusterArgs(request.name, made.args) : checkCudoClusterArgs(request.name, made.args);
  tell(found, made.cloud, request.cloud_account_id, problems);
  problems.raise(component);
  return made;
}

/** What the component refuses, by the request's fields: once where it has one for two of the component's. */
function tell(found: Problems, cloud: ClusterArgs["cloud"], account: number, problems: Problems): void {
  for (const { propertyPath, reason } of found.all) {
    const path = requestPath(propertyPath, cloud, account);
    const words = requestWords(reason, cloud, account);
    if (!problems.all.some((other) => other.propertyPath === path && other.reason === words)) problems.add(path, words);
  }
}

function checkRequest(
  request: CreateClusterRequest,
  accounts: Readonly<Record<number, CloudAccount>>,
  problems: Problems,
): CloudAccount | undefined {
  checkFields("", request as unknown as Record<string, unknown>, requestFields, problems);
  checkChoice("cluster_type", request.cluster_type, ["k8s"], problems);
  if (request.description === "") problems.add("description", "is required");
  const { secret, cloud_account_id: id } = request;
  if (typeof secret === "string" && (secret.length < 24 || secret.length > 32)) {
    problems.add("secret", `must have 24 to 32 characters, has ${secret.length}`);
  } else if (typeof secret === "string") checkToken("secret", secret, problems);
  const account = Object.hasOwn(accounts, id) ? accounts[id] : undefined;
  if (!account) {
    if (Number.isInteger(id)) problems.add("cloud_account_id", `${id} is not an account that is known here`);
    return undefined;
  }
  if (!isObject(account) || !Object.hasOwn(settingsFields, account.provider)) {
    problems.add(`accounts[${id}].provider`, `must be one of: ${Object.keys(settingsFields).join(", ")}`);
    return undefined;
  }
  const settings: unknown = request.settings;
  if (isObject(settings)) checkSettings(settings, account.provider, problems);
  return account;
}

function checkSettings(settings: Record<string, unknown>, cloud: "aws" | "cudo", problems: Problems): void {
  checkFields("settings", settings, settingsFields[cloud], problems);
  const groups = settings["autoscaler_node_groups"];
  for (const [index, group] of (Array.isArray(groups) ? groups : []).entries()) {
    if (!isObject(group)) continue;
    const path = `settings.autoscaler_node_groups[${index}]`;
    checkFields(path, group, groupFields[cloud], problems);
    const taints = cloud === "aws" && Array.isArray(group["taints"]) ? group["taints"] : [];
    taints.forEach((taint, at) => {
      if (isObject(taint)) checkFields(`${path}.taints[${at}]`, taint, taintFields, problems);
    });
  }
}

/** Those that keep something on disks which nodes share. */
const storing: readonly IntegrationName[] = ["jupyterhub", "slurm"];

function checkIntegrations(
  name: string,
  { integrations: given = [], autoscaler_node_groups: groups = [] }: AwsSettings,
  problems: Problems,
): IntegrationName[] {
  const path = "settings.integrations";
  given.forEach((each, index) => {
    if (!integrationNames.some((known) => known === each))
      problems.add(`${path}[${index}]`, `"${each}" is not offered; what is: ${integrationNames.join(", ")}`);
    else if (given.indexOf(each) !== index) problems.add(`${path}[${index}]`, `"${each}" is there already`);
  });
  if (given.includes("slurm")) {
    checkSlurmName("name", name, problems);
    const names = groups.map((group) => (group.role === "worker" ? group.name : undefined));
    checkSlurmGroups(names, (index) => `settings.autoscaler_node_groups[${index}].name`, problems);
  }
  return integrationNames.filter((known) => given.includes(known));
}

function awsArgs(
  request: CreateClusterRequest,
  account: CloudAccount,
  { protect = true }: IntegrationOptions,
  problems: Problems,
): ClusterArgs {
  const settings = request.settings as AwsSettings;
  const integrations = checkIntegrations(request.name, settings, problems);
  const { vpc_id, subnet_id } = settings;
  return {
    cloud: "aws",
    ...(integrations.length > 0 && { integrations }),
    args: {
      clusterName: request.name,
      namePrefix: requestPrefix,
      keyPair: settings.key_pair,
      region: settings.region_name ?? defaultRegion,
      // An account without a role is found out when the cluster is made, as ClusterCouldNotBeDeployed.
      cloudAccount: {
        roleArn: account.role_arn ?? "",
        ...(account.external_id !== undefined && { externalId: account.external_id }),
      },
      ...((vpc_id ?? subnet_id) !== undefined && {
        network: { ...(vpc_id && { vpcId: vpc_id }), ...(subnet_id && { subnetIds: [subnet_id] }) },
      }),
      ...(settings.control_plane_instance_type && {
        controlPlane: { instanceType: settings.control_plane_instance_type },
      }),
      ...(integrations.some((each) => storing.includes(each)) && { sharedStorage: { protect } }),
      nodeGroups: (settings.autoscaler_node_groups ?? []).map((group, index) => awsGroup(group, index, problems)),
    },
  };
}

function awsGroup(group: AwsRequestGroup, index: number, problems: Problems): AwsNodeGroupArgs {
  const strategy = group.allocation_strategy ?? "lowest-price";
  const path = `settings.autoscaler_node_groups[${index}].allocation_strategy`;
  const strategies = ["lowest-price", "diversified", "capacity-optimized"];
  checkChoice(path, strategy, strategies, problems);
  return {
    name: group.name,
    role: group.role,
    minSize: group.min_size,
    maxSize: group.max_size,
    instanceTypes: group.instance_types,
    capacity:
      strategy === "diversified" || strategy === "capacity-optimized"
        ? { spot: { allocationStrategy: strategy } }
        : { onDemand: { allocationStrategy: "lowest-price" } },
    ...(group.labels && { labels: group.labels }),
    ...(group.taints && { taints: group.taints }),
  };
}

const profile = /^vantage-k8s-control-(sm|md|lg)$/;

function cudoArgs(request: CreateClusterRequest, vault: ClusterVaultArgs | undefined, problems: Problems): ClusterArgs {
  const settings = request.settings as CudoSettings;
  const named = profile.exec(settings.instance_type ?? "")?.[1];
  const size = settings.control_plane_size ?? named;
  if (settings.instance_type !== undefined && named === undefined) {
    const names = ["sm", "md", "lg"].map((each) => `vantage-k8s-control-${each}`).join(", ");
    problems.add("settings.instance_type", `"${settings.instance_type}" must be one of: ${names}`);
  } else if (named !== undefined && size !== named) {
    problems.add("settings.control_plane_size", `"${size}" differs from instance_type, "${settings.instance_type}"`);
  }
  const unencrypted = settings.no_vault ?? false;
  if (!unencrypted && vault === undefined) {
    problems.add(
      "settings.no_vault",
      "must be true: disks are encrypted otherwise, and no Vault is known here that would keep their keys",
    );
  }
  return {
    cloud: "cudo",
    args: {
      clusterName: request.name,
      namePrefix: requestPrefix,
      ...(size !== undefined && { controlPlane: { size: size as "sm" | "md" | "lg" } }),
      ...(settings.ssh_public_key && { sshPublicKey: settings.ssh_public_key, sshAccessCidrs: ["0.0.0.0/0"] }),
      ...(settings.dev_mode !== undefined && { devMode: settings.dev_mode }),
      ...(unencrypted || vault === undefined ? { noVault: true } : { vault }),
      nodeGroups: (settings.autoscaler_node_groups ?? []).map(cudoGroup),
    },
  };
}

function cudoGroup(group: CudoRequestGroup): CudoNodeGroupArgs {
  return {
    name: group.id,
    role: group.role,
    minSize: group.min_size,
    maxSize: group.max_size,
    vcpus: group.vcpus,
    memoryGib: group.memory_gib,
    diskSizeGib: group.boot_disk_size_gib,
    dataCenterId: group.data_center_id,
    machineType: group.machine_type,
    ...(group.gpus !== undefined && { gpus: group.gpus }),
    ...(group.gpu_model !== undefined && { gpuModel: group.gpu_model }),
    ...(group.labels && { labels: group.labels }),
  };
}

/** A component's field as the request names it. */
const requestNames: Readonly<Record<string, string>> = {
  clusterName: "name",
  keyPair: "settings.key_pair",
  region: "settings.region_name",
  "controlPlane.instanceType": "settings.control_plane_instance_type",
  "controlPlane.size": "settings.control_plane_size",
  sshPublicKey: "settings.ssh_public_key",
  // Both are taken from the groups.
  dataCenterId: "settings.autoscaler_node_groups",
  "controlPlane.machineType": "settings.autoscaler_node_groups",
  "network.vpcId": "settings.vpc_id",
  "network.subnetIds": "settings.subnet_id",
  "network.subnetIds[0]": "settings.subnet_id",
  // The request has no ranges: its groups are too many for them.
  podCidr: "settings.autoscaler_node_groups",
  // Of who makes the cluster, not of the request.
  "vault.address": "vault.address",
};

/** Of an account, which is not the request's, either. */
const accountNames: Readonly<Record<string, string>> = {
  "cloudAccount.roleArn": "role_arn",
  "cloudAccount.externalId": "external_id",
};

/** Where a group's fields have other names than their component's. */
const groupNames = { aws: {}, cudo: { name: "id", diskSizeGib: "boot_disk_size_gib" } } as const;

function requestPath(path: string, cloud: ClusterArgs["cloud"], account: number): string {
  const known = requestNames[path];
  if (known !== undefined) return known;
  if (accountNames[path] !== undefined) return `accounts[${account}].${accountNames[path]}`;
  const [, group, field] = /^nodeGroups(\[\d+\])\.(\w+)$/.exec(path) ?? [];
  const other = (groupNames[cloud] as Readonly<Record<string, string>>)[field ?? ""];
  if (other !== undefined) return `settings.autoscaler_node_groups${group}.${other}`;
  const [head, labels] = path.split('["', 2);
  const own = head!
    .replace(/^nodeGroups/, "autoscaler_node_groups")
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `settings.${own}${labels === undefined ? "" : `["${labels}`}`;
}

/** Reasons speak of other fields of the same group. */
function requestWords(reason: string, cloud: ClusterArgs["cloud"], account: number): string {
  const fields = /\b(minSize|maxSize|nodeGroups|gpuModel|instanceTypes|dataCenterId)\b/g;
  const named = (field: string) => (field === "dataCenterId" ? "data_center_id" : requestPath(field, cloud, account));
  return reason.replace(fields, (field) => named(field).replace(/^settings\./, ""));
}
