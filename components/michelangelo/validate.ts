/** What of a `ComputeCluster` can be known without asking anybody. Pure. */
import { apiServerAddress } from "../../sdk/michelangelo/address";
import { durationMs } from "../../sdk/michelangelo/duration";
import type { SkuArgs } from "../../sdk/michelangelo";
import { wrongClusterName } from "../../sdk/michelangelo/names";
import { theKubeRay } from "../addons/kuberay";
import { ownersIn, ownObject, type OneOfAKind } from "../addons/one-of-a-kind";
import { Problems } from "../errors";
import { checkCluster } from "../handles";
import { known, knownElements } from "../inputs";
import { checkPlatform } from "../platforms";
import { bySchema } from "../schema-check";
import {
  checkBetween,
  checkCopiedName,
  checkLabel,
  checkObjectName,
  checkToken,
  checkWhole,
  isCopied,
} from "../value-checks";
import type { ComputeClusterArgs, ComputeStorageArgs } from "./args";

const hourMs = 3_600_000;

export function checkComputeCluster(given: ComputeClusterArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:michelangelo:ComputeCluster", given, problems);
  checkCluster("cluster", args.cluster, problems);
  checkCluster("controlPlane", args.controlPlane, problems);
  checkPlatform("cluster", args.cluster, "Michelangelo", problems);
  const ray = (args.kubeRay ?? true) ? ownersIn(args.cluster).ownerOf(theKubeRay) : undefined;
  if (ray !== undefined) problems.add("kubeRay", `the cluster has ${ray} already: set it to false`);
  const name = known(args.clusterName);
  const wrongName = name === undefined ? undefined : wrongClusterName(name);
  if (wrongName !== undefined) problems.add("clusterName", wrongName);
  ownersIn(args.controlPlane).check(ownCluster(name), problems);
  const server = known(args.apiServer);
  const address = server === undefined ? undefined : apiServerAddress(server);
  if (address && "problem" in address) problems.add("apiServer", address.problem);
  for (const field of ["region", "zone"] as const) checkCopiedName(field, args[field], problems);
  knownElements(args.skus)?.forEach((sku, index) => checkSku(`skus[${index}]`, sku ?? {}, problems));
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  if (args.storage) checkStorage(args.storage, problems);
  checkLabel("controllerManager.namespace", known(args.controllerManager?.namespace), problems);
  checkObjectName("controllerManager.name", args.controllerManager?.name, problems);
  checkRotation(args, problems);
  return problems;
}

function checkSku(path: string, sku: Partial<SkuArgs>, problems: Problems): void {
  for (const [field, least] of [
    ["cpus", 1],
    ["memoryGib", 1],
    ["diskSizeGib", 0],
    ["gpus", 0],
  ] as const)
    checkWhole(`${path}.${field}`, sku[field], least, problems);
  checkCopiedName(`${path}.gpuModel`, sku.gpuModel, problems);
}

/** In Michelangelo, where it is known by now. */
export function ownCluster(clusterName: string | undefined): OneOfAKind[] {
  return clusterName === undefined ? [] : [ownObject("Cluster", clusterName, "clusterName")];
}

function checkStorage({ fileSystem, endpoint, credentials }: ComputeStorageArgs, problems: Problems): void {
  const place = known(fileSystem);
  if (place !== undefined && /^s3:\/\/[^/]*@/.test(place))
    problems.add("storage.fileSystem", "must be s3://bucket, without credentials: those are storage.credentials");
  else if (place !== undefined && !/^s3:\/\/[^/\s\p{C}"]+(\/[^\s\p{C}"]*)?$/u.test(place))
    problems.add("storage.fileSystem", `"${place}" must be s3://bucket, with a path or without`);
  checkKeys(credentials ?? {}, problems);
  const url = known(endpoint);
  if (url !== undefined && !isPlainUrl(url))
    problems.add(
      "storage.endpoint",
      "must be the URL of an S3 server, https:// or http://, without credentials, ? and #",
    );
}

/** Requests to the store have the id in a header, where it is one word; the secret signs them, and is what was copied of it. Quotes nothing of them. */
export function checkKeys(keys: Partial<NonNullable<ComputeStorageArgs["credentials"]>>, problems: Problems): void {
  for (const field of ["accessKeyId", "secretAccessKey"] as const) {
    const [path, text] = [`storage.credentials.${field}`, known(keys[field])];
    if (text?.trim() === "") problems.add(path, "must not be empty: without credentials, leave these out");
    else if (field === "accessKeyId") checkToken(path, text, problems);
    else if (text !== undefined && isCopied(text))
      problems.add(path, "has a space or a line's end too much, as of the file that it is from");
  }
}

function isPlainUrl(text: string): boolean {
  return /^https?:\/\/[^/\s\p{C}@?#"\\]+(\/[^\s\p{C}@?#"\\]*)?$/u.test(text) && URL.canParse(text);
}

function checkRotation({ rotation, controllerManager }: ComputeClusterArgs, problems: Problems): void {
  if (rotation === undefined) return;
  const ms = rotation.every === undefined ? hourMs : durationMs(rotation.every);
  if (ms === undefined || ms < hourMs)
    problems.add("rotation.every", `"${rotation.every}" must be a duration of at least 1h, such as 720h`);
  if (controllerManager === undefined)
    problems.add(
      "controllerManager",
      "is required with rotation: Michelangelo keeps a token until its controller manager is restarted",
    );
}
