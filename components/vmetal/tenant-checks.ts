/** What is wrong with a TenantCluster before anything is written. Pure. */
import { isDnsLabel } from "../../sdk/dns-label";
import { certificatesOf } from "../../sdk/kubernetes/pem";
import { quantityOf } from "../../sdk/kubernetes/quantity";
import { ownersIn, ownNamespace } from "../addons/one-of-a-kind";
import { checkRanges } from "../cluster-ranges";
import { Problems } from "../errors";
import { checkCluster, checkPlace } from "../handles";
import { dnsName, isAddress, isHostAndPort } from "../../sdk/host-and-port";
import { known } from "../inputs";
import { checkClusterName, checkEndpoint, shown } from "../metal3/place-checks";
import { checkLabels, checkTaints } from "../node-group-checks";
import { bySchema } from "../schema-check";
import {
  checkBetween,
  checkCopiedName,
  checkDuration,
  checkNamespaceOrDefault,
  checkObjectName,
  checkQuantities,
  checkToken,
  checkWhole,
} from "../value-checks";
import type {
  AutoNodesArgs,
  DynamicPoolArgs,
  NodeTypeRequirementArgs,
  StaticPoolArgs,
  TenantClusterArgs,
} from "./args";

export function checkTenantCluster(name: string, given: TenantClusterArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:vmetal:TenantCluster", given, problems);
  const { clusterName = name, timeoutMinutes, autoNodes = [] } = args;
  checkCluster("hostCluster", args.hostCluster, problems);
  checkPlace("inventory", args.inventory, problems);
  checkClusterName(clusterName, problems);
  checkNamespaceOrDefault(args.namespace, clusterName, problems);
  ownersIn(args.hostCluster).check([ownNamespace(args.namespace ?? clusterName)], problems);
  checkConnection(args, problems);
  checkAddress(args, problems);
  args.extraSans?.forEach((san, index) => {
    if (!isAddress(san) && !dnsName.test(san.replace(/^\*\./, "")))
      problems.add(`extraSans[${index}]`, `"${san}" must be a DNS name or an address, without scheme and port`);
  });
  const fixed = autoNodes.flatMap((entry) => entry.static ?? []);
  const dynamic = autoNodes.flatMap((entry) => entry.dynamic ?? []);
  const nodeGroups = [
    ...fixed.map(({ name, quantity }) => ({ name, minSize: quantity })),
    ...dynamic.map(({ name, limits }) => ({ name, minSize: 0, maxSize: wholeNumber(limits?.["nodes"]) })),
  ];
  // Tailscale's own addresses.
  const network = args.vpn && { path: "vpn", cidr: "100.64.0.0/10", fixed: true };
  checkRanges({ ...args, nodeGroups, controlPlane: { count: 0 } }, network, problems);
  checkAutoNodes(autoNodes, problems);
  checkBetween("timeoutMinutes", timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}

/** Of a quantity that counts; whatever else it is, is told by its own check. */
function wholeNumber(text: string | undefined): number {
  return Math.max(0, Math.floor(quantityOf(text ?? "0") ?? 0));
}

function checkConnection({ platform }: TenantClusterArgs, problems: Problems): void {
  const { host, accessKey, project, certificateAuthority } = { ...platform };
  if (host !== undefined && !isHostAndPort(host, false))
    problems.add("platform.host", `${shown(host)}must be the platform's host, without https:// and path`);
  const key = known(accessKey);
  if (key === "") problems.add("platform.accessKey", "must not be empty: make one in the platform");
  else checkToken("platform.accessKey", accessKey, problems);
  if (project === "") problems.add("platform.project", "must not be empty: the platform's first one is called default");
  else checkObjectName("platform.project", project, problems);
  checkAuthority(known(certificateAuthority), problems);
}

export function checkAuthority(text: string | undefined, problems: Problems): void {
  if (text !== undefined && certificatesOf(text) === "")
    problems.add(
      "platform.certificateAuthority",
      "must be the authority's certificate in PEM, or base64 of it, once: the text, not the path of its file",
    );
}

function checkAddress({ endpoint, serviceType = "LoadBalancer" }: TenantClusterArgs, problems: Problems): void {
  checkEndpoint(endpoint, "tenant.example.com:443", problems);
  if (endpoint === undefined && serviceType !== "LoadBalancer")
    problems.add(
      "endpoint",
      `is required with a Service of type ${serviceType}, which gets no address that nodes reach`,
    );
}

function checkAutoNodes(autoNodes: readonly AutoNodesArgs[], problems: Problems): void {
  const names = new Map<string, string>();
  autoNodes.forEach((entry, index) => {
    const path = `autoNodes[${index}]`;
    if (entry.provider === "") problems.add(`${path}.provider`, "must not be empty: it is the platform's NodeProvider");
    else checkObjectName(`${path}.provider`, entry.provider, problems);
    const earlier = autoNodes.findIndex(({ provider }) => provider === entry.provider);
    if (earlier < index)
      problems.add(`${path}.provider`, `"${entry.provider}" has autoNodes[${earlier}] already: put the pools there`);
    const { static: fixed = [], dynamic = [] } = entry;
    if (fixed.length + dynamic.length === 0 && !problems.isRefused(path))
      problems.add(path, "must have a pool, static or dynamic");
    fixed.forEach((pool, at) => {
      checkPool(`${path}.static[${at}]`, pool, names, problems);
      checkWhole(`${path}.static[${at}].quantity`, pool.quantity, 0, problems);
    });
    dynamic.forEach((pool, at) => {
      checkPool(`${path}.dynamic[${at}]`, pool, names, problems);
      checkDynamic(`${path}.dynamic[${at}]`, pool, problems);
    });
  });
}

function checkPool(
  path: string,
  pool: StaticPoolArgs | DynamicPoolArgs,
  names: Map<string, string>,
  problems: Problems,
): void {
  const { name } = pool;
  const earlier = names.get(name);
  if (name === undefined) return;
  if (!isDnsLabel(name, 40))
    problems.add(
      `${path}.name`,
      `"${name}" must have 1 to 40 lower-case letters, digits and hyphens, no hyphen at either end`,
    );
  else if (earlier !== undefined) problems.add(`${path}.name`, `"${name}" is the name of ${earlier} already`);
  else names.set(name, path);
  pool.nodeTypeSelector?.forEach((requirement, index) =>
    checkRequirement(`${path}.nodeTypeSelector[${index}]`, requirement, problems),
  );
  checkLabels(`${path}.nodeLabels`, pool.nodeLabels, problems);
  checkTaints(`${path}.taints`, pool.taints, problems);
  checkDurationOrNever(`${path}.terminationGracePeriod`, pool.terminationGracePeriod, problems);
  checkObjectName(`${path}.profile`, pool.profile, problems);
  checkWhole(`${path}.gpus`, pool.gpus, 0, problems);
  checkCopiedName(`${path}.gpuModel`, pool.gpuModel, problems);
}

function checkRequirement(path: string, requirement: NodeTypeRequirementArgs, problems: Problems): void {
  const { property, operator = "In", value, values } = requirement;
  if (property === "") problems.add(`${path}.property`, "must not be empty: vcluster.com/node-type, for example");
  else checkCopiedName(`${path}.property`, property, problems);
  checkCopiedName(`${path}.value`, value, problems);
  values?.forEach((each, index) => checkCopiedName(`${path}.values[${index}]`, each, problems));
  const given = Number(value !== undefined) + Number(values !== undefined);
  if (problems.isRefused(path)) return;
  if (operator === "Exists" || operator === "NotExists") {
    if (given > 0) problems.add(path, `has a value, which means nothing to ${operator}: leave it out`);
  } else if (given !== 1) problems.add(path, "must have either value or values");
  else if (values?.length === 0) problems.add(`${path}.values`, "must have at least one");
}

function checkDynamic(
  path: string,
  { limits, disruption, expireAfter, weight }: DynamicPoolArgs,
  problems: Problems,
): void {
  checkQuantities(`${path}.limits`, limits, problems);
  checkDurationOrNever(`${path}.disruption.consolidateAfter`, disruption?.consolidateAfter, problems);
  checkDurationOrNever(`${path}.expireAfter`, expireAfter, problems);
  checkBetween(`${path}.weight`, weight, [1, 100], problems);
}

function checkDurationOrNever(path: string, text: string | undefined, problems: Problems): void {
  if (text !== "Never") checkDuration(path, text, problems);
}
