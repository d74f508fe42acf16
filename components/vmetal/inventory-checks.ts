/** What is wrong with a BareMetalInventory before anything is written. Pure. */
import { Problems } from "../errors";
import { ownersIn, ownNamespace } from "../addons/one-of-a-kind";
import { checkCluster } from "../handles";
import { checkHosts, checkImage, checkNames } from "../metal3/host-checks";
import type { BareMetalHostArgs } from "../metal3/hosts-args";
import { checkLabels } from "../node-group-checks";
import { bySchema } from "../schema-check";
import { checkBetween, checkLabel, checkNamespaceOrDefault, checkObjectName, checkQuantities } from "../value-checks";
import type { BareMetalInventoryArgs, NodeTypeArgs } from "./inventory-args";

export function checkInventory(name: string, given: BareMetalInventoryArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:vmetal:BareMetalInventory", given, problems);
  checkCluster("cluster", args.cluster, problems);
  checkCluster("metal3Cluster", args.metal3Cluster, problems);
  const { providerName = name } = args;
  checkLabel("providerName", providerName, problems);
  checkNamespaceOrDefault(args.namespace, providerName, problems);
  ownersIn(args.metal3Cluster ?? args.cluster).check([ownNamespace(args.namespace ?? providerName)], problems);
  if (args.connectedCluster === "")
    problems.add("connectedCluster", "must not be empty: the platform's list of clusters has it");
  else checkObjectName("connectedCluster", args.connectedCluster, problems);
  const { osImages = [], nodeTypes = [], hosts = [] } = args;
  checkNames("osImages", osImages, problems);
  osImages.forEach((image, index) => checkImage(`osImages[${index}]`, image, problems));
  if (nodeTypes.length === 0) problems.add("nodeTypes", "must have at least one: tenants ask for types");
  checkNames("nodeTypes", nodeTypes, problems);
  nodeTypes.forEach((type, index) => checkType(`nodeTypes[${index}]`, type, problems));
  checkHosts(hosts, problems);
  hosts.forEach((host, index) => checkTypesOf(`hosts[${index}]`, host, nodeTypes, problems));
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}

function checkType(path: string, type: NodeTypeArgs, problems: Problems): void {
  const { hostLabels = {}, osImage, resources, properties = {} } = type;
  if (Object.keys(hostLabels).length === 0 && !problems.isRefused(`${path}.hostLabels`))
    problems.add(`${path}.hostLabels`, "must have at least one, or the type would take every host");
  checkLabels(`${path}.hostLabels`, hostLabels, problems);
  if (osImage === "") problems.add(`${path}.osImage`, "must not be empty");
  else checkObjectName(`${path}.osImage`, osImage, problems);
  checkQuantities(`${path}.resources`, resources, problems);
  if ("vcluster.com/os-image" in properties)
    problems.add(`${path}.properties["vcluster.com/os-image"]`, "is what osImage says: leave it out");
}

function checkTypesOf(
  path: string,
  { labels = {} }: BareMetalHostArgs,
  nodeTypes: readonly NodeTypeArgs[],
  problems: Problems,
): void {
  if (problems.isRefused(`${path}.labels`) || problems.isRefused("nodeTypes")) return;
  const types = nodeTypes.filter(({ hostLabels = {} }) =>
    Object.entries(hostLabels).every(([key, value]) => labels[key] === value),
  );
  if (types.length === 0)
    problems.add(`${path}.labels`, "are those of no node type, so that nobody would ever get the host");
  if (types.length > 1)
    problems.add(
      `${path}.labels`,
      `are those of several node types: ${types.map((type) => `"${type.name}"`).join(", ")}`,
    );
}
