/** What Modelplane's API admits of an InferenceCluster, and nobody can make. Pure. */
import { isDnsLabel } from "../../sdk/dns-label";
import { Problems } from "../errors";
import { ownersIn } from "../addons/one-of-a-kind";
import { checkCluster, isText } from "../handles";
import { known } from "../inputs";
import { checkObjectLabels } from "../node-group-checks";
import { checkPlatform } from "../platforms";
import { bySchema } from "../schema-check";
import { checkBetween, checkCopiedName, checkLabel, checkLength, checkObjectName } from "../value-checks";
import type { IdentityArgs, InferenceClusterArgs, NodePoolArgs } from "./args";
import { checkGpus } from "./class-checks";
import { ownInferenceClass, ownInferenceCluster, poolClassName } from "./names";
import { regionOf, sourceKeys, sourceOf, type SourceKey } from "./source";

export function checkInferenceCluster(name: string, given: InferenceClusterArgs): Problems {
  const problems = new Problems();
  checkIdentityType((given as InferenceClusterArgs | undefined)?.existing?.identity?.type, problems);
  const args = bySchema("gpu-clusters:modelplane:InferenceCluster", given, problems);
  checkCluster("controlPlane", args.controlPlane, problems);
  checkCluster("existing.cluster", args.existing?.cluster, problems);
  const { clusterName = name } = args;
  checkLabel("clusterName", clusterName, problems);
  ownersIn(args.controlPlane).check([ownInferenceCluster(clusterName)], problems);
  checkSource(args, problems);
  if (args.existing) {
    if (args.existing.cluster !== undefined && args.existing.cluster === args.controlPlane)
      problems.add(
        "existing.cluster",
        "is the cluster that Modelplane runs in: models need one of their own, because both install the same definitions",
      );
    checkPlatform("existing.cluster", args.existing.cluster, "Modelplane", problems);
    checkObjectName("existing.cacheStorageClass", args.existing.cacheStorageClass, problems);
    if (args.existing.identity) checkIdentity(args.existing.identity, problems);
  }
  checkObjectLabels("labels", args.labels, problems);
  checkTaints(args, problems);
  const { nodePools = [] } = args;
  if (nodePools.length < 1 || nodePools.length > 8)
    problems.add("nodePools", `must be 1 to 8, are ${nodePools.length}`);
  nodePools.forEach((pool, index) => {
    const path = `nodePools[${index}]`;
    if (pool.name !== undefined && nodePools.findIndex(({ name }) => name === pool.name) < index)
      problems.add(`${path}.name`, `"${pool.name}" is another pool's`);
    checkPool(path, pool, args, problems);
    // One is made for it.
    if (pool.class === undefined && pool.name !== undefined)
      ownersIn(args.controlPlane).check(
        [ownInferenceClass(poolClassName(clusterName, pool.name), `${path}.class`)],
        problems,
      );
  });
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}

function checkSource(args: InferenceClusterArgs, problems: Problems): void {
  const given = sourceKeys.filter((key) => args[key] !== undefined);
  const isRefused = sourceKeys.some((key) => problems.isRefused(key));
  if (given.length === 0 && !isRefused)
    problems.add("existing", `a source is required: one of ${sourceKeys.join(", ")}`);
  for (const key of given.slice(1))
    problems.add(key, `is a second source besides ${given[0]}, which Modelplane would ignore: leave one of them out`);
  for (const key of given)
    if (key !== "existing") checkObjectName(`${key}.credentials.name`, args[key]?.credentials?.name, problems);
  const place = regionOf(args);
  if (place?.region !== undefined && !regionName.test(place.region))
    problems.add(place.path, `"${place.region}" must be a region's name, of 32 characters at most`);
  for (const [source, { pattern, example }] of Object.entries(versions)) {
    const version = args[source as keyof typeof versions]?.kubernetesVersion;
    if (version !== undefined && !pattern.test(version))
      problems.add(
        `${source}.kubernetesVersion`,
        `"${version}" must be a version as ${source} writes it, such as ${example}`,
      );
  }
}

const regionName = /^[a-zA-Z0-9-]{1,32}$/;

/** Each cloud has a spelling of its own, and Modelplane hands on what it gets. */
const versions = {
  eks: { pattern: /^1\.\d{2}$/, example: "1.36" },
  gke: { pattern: /^1\.\d{2}(\.\d+(-gke\.\d+)?)?$/, example: "1.35 or 1.35.2-gke.1500" },
  aks: { pattern: /^1\.\d{2}(\.\d+)?$/, example: "1.34 or 1.34.2" },
  nebius: { pattern: /^1\.\d{2}$/, example: "1.34" },
  vultr: { pattern: /^v1\.\d{2}\.\d+\+\d+$/, example: "v1.36.2+1" },
} as const;

/** Modelplane's API has one more, and cannot use it. */
function checkIdentityType(type: string | undefined, problems: Problems): void {
  if (type !== "AWSWebIdentityCredentials") return;
  const path = "existing.identity.type";
  problems.add(
    path,
    "AWS's web identities do not come from a Secret, which is all that Modelplane hands on: leave identity out, and it gets a token",
  );
  problems.settle(path);
}

function checkIdentity({ credentials }: IdentityArgs, problems: Problems): void {
  const text = known(credentials);
  if (text !== undefined && !isJsonObject(text))
    problems.add(
      "existing.identity.credentials",
      "must be the JSON of a service account's key, not the path of its file",
    );
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function checkTaints({ taints = [] }: InferenceClusterArgs, problems: Problems): void {
  taints.forEach(({ key, value, effect }, index) => {
    const path = `taints[${index}]`;
    checkCopiedName(`${path}.key`, key, problems);
    checkCopiedName(`${path}.value`, value || undefined, problems);
    if (key === undefined || effect === undefined) return;
    if (taints.findIndex((other) => other.key === key && other.effect === effect) < index)
      problems.add(path, `${key}:${effect} is there already`);
  });
}

function checkPool(path: string, pool: NodePoolArgs, args: InferenceClusterArgs, problems: Problems): void {
  const source = sourceOf(args);
  checkPoolName(path, pool, source, problems);
  checkCounts(path, pool, problems);
  checkClass(path, pool, source, problems);
  checkZones(path, pool, args, problems);
  const { capacityBlock, fabric } = pool;
  if (capacityBlock !== undefined) {
    if (source !== undefined && source !== "eks")
      problems.add(`${path}.capacityBlock`, "is EC2's: it needs eks as the source");
    const { capacityReservationId: reservation } = capacityBlock;
    if (reservation !== undefined && !/^cr-[0-9a-f]{1,61}$/.test(reservation))
      problems.add(
        `${path}.capacityBlock.capacityReservationId`,
        "must be a reservation's id, such as cr-0123456789abcdef0",
      );
  }
  if (fabric !== undefined) checkFabric(`${path}.fabric`, fabric, source, problems);
}

function checkPoolName(path: string, { name }: NodePoolArgs, source: SourceKey | undefined, problems: Problems): void {
  if (name === undefined) return;
  if (!isDnsLabel(name, 40))
    problems.add(
      `${path}.name`,
      `"${name}" must have 1 to 40 lower-case letters, digits and hyphens, no hyphen at either end`,
    );
  else if (source === "aks" && !/^[a-z][a-z0-9]{0,11}$/.test(name))
    problems.add(`${path}.name`, `"${name}" must have 1 to 12 lower-case letters and digits on AKS`);
}

function checkCounts(path: string, pool: NodePoolArgs, problems: Problems): void {
  const nodeCount = known(pool.nodeCount);
  const { minNodeCount, maxNodeCount } = pool;
  checkBetween(`${path}.nodeCount`, nodeCount, [0, 10_000], problems);
  checkBetween(`${path}.minNodeCount`, minNodeCount, [0, 10_000], problems);
  checkBetween(`${path}.maxNodeCount`, maxNodeCount, [1, 10_000], problems);
  if (minNodeCount !== undefined && maxNodeCount !== undefined && minNodeCount > maxNodeCount)
    problems.add(`${path}.minNodeCount`, `is ${minNodeCount}, more than maxNodeCount, ${maxNodeCount}`);
  if (nodeCount === undefined) return;
  if (maxNodeCount !== undefined && nodeCount > maxNodeCount)
    problems.add(`${path}.nodeCount`, `is ${nodeCount}, more than maxNodeCount, ${maxNodeCount}`);
  if (minNodeCount !== undefined && nodeCount < minNodeCount)
    problems.add(`${path}.nodeCount`, `is ${nodeCount}, less than minNodeCount, ${minNodeCount}`);
}

function checkClass(path: string, pool: NodePoolArgs, source: SourceKey | undefined, problems: Problems): void {
  const { gpus } = pool;
  if (pool.class !== undefined && typeof pool.class !== "string" && !isText(pool.class.className)) {
    problems.add(`${path}.class`, "must be an InferenceClass of this program, or the name of one that is there");
    problems.settle(`${path}.class`);
    return;
  }
  if (gpus !== undefined) {
    if (pool.class !== undefined) problems.add(`${path}.gpus`, "are the class's to tell: leave them out, or the class");
    checkGpus(`${path}.gpus`, gpus, problems);
  }
  if (typeof pool.class === "string") checkLabel(`${path}.class`, pool.class, problems);
  else if (pool.class !== undefined) checkLabel(`${path}.class.className`, known(pool.class.className), problems);
  if (source === undefined || source === "existing") return;
  if (pool.class === undefined)
    problems.add(`${path}.class`, `is required on ${source}: it says which machines Modelplane makes`);
  else if (typeof pool.class !== "string" && pool.class.provisions !== source)
    problems.add(
      `${path}.class`,
      pool.class.provisions === undefined
        ? `has no provisioning, so that nobody knows which machines to make: give it provisioning.${source}`
        : `makes machines on ${pool.class.provisions}, and the cluster is on ${source}`,
    );
}

function checkZones(path: string, { zones }: NodePoolArgs, args: InferenceClusterArgs, problems: Problems): void {
  const source = sourceOf(args);
  if (source === "existing" && zones !== undefined)
    problems.add(`${path}.zones`, "mean nothing for a cluster that exists: leave them out");
  if (source !== "eks" && source !== "gke") return;
  if (zones === undefined || zones.length === 0) {
    problems.add(
      `${path}.zones`,
      `at least one is required on ${source}: without, Modelplane admits the pool and never makes it`,
    );
    return;
  }
  const { region } = regionOf(args)!;
  if (region === undefined || !regionName.test(region)) return;
  zones.forEach((zone, index) => {
    const own = zone.startsWith(region) ? zone.slice(region.length) : "";
    const isThere = (source === "eks" ? /^[a-z0-9-]+$/ : /^-[a-z0-9-]+$/).test(own);
    if (zones.indexOf(zone) < index) problems.add(`${path}.zones[${index}]`, `"${zone}" is there already`);
    else if (!isThere) problems.add(`${path}.zones[${index}]`, `"${zone}" is no zone of ${region}`);
  });
}

function checkFabric(
  path: string,
  { type, infiniband }: NonNullable<NodePoolArgs["fabric"]>,
  source: SourceKey | undefined,
  problems: Problems,
): void {
  if (type === undefined) return;
  if (type === "EFA" && source !== undefined && source !== "eks")
    problems.add(`${path}.type`, "EFA is AWS's: it needs eks as the source");
  if (type === "InfiniBand" && source !== undefined && source !== "nebius" && source !== "aks")
    problems.add(`${path}.type`, "InfiniBand is Nebius' and Azure's: it needs nebius or aks as the source");
  if (infiniband !== undefined && type !== "InfiniBand")
    problems.add(`${path}.infiniband`, `is for the type InfiniBand, which is ${type}`);
  if (type === "InfiniBand" && source === "nebius" && infiniband === undefined)
    problems.add(`${path}.infiniband`, "is required on Nebius: which fabric the nodes are in");
  checkLength(`${path}.infiniband.fabric`, infiniband?.fabric, 63, problems);
}
