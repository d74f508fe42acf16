/** The configuration of `pulumi:providers:kubernetes`. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { currentEntries, parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { compareInputs } from "../../provider/server/difference";
import { formatPath } from "../../sdk/schema/property-path";
import type { CheckFailure } from "../../provider/server/resource";
import type { DetailedChange } from "../../provider/server/resource-diff";
import { containsUnknown, type Properties } from "../../provider/server/wire";

export interface Configuration {
  /** Undefined at a preview that does not know the cluster yet. */
  readonly api: KubernetesApi | undefined;
  readonly namespace: string | undefined;
  readonly deleteUnreachable: boolean;
  readonly patchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly secretMutable: boolean;
  readonly configMapMutable: boolean;
}

const unsupported = ["renderYamlToDirectory"];

export function checkConfiguration(values: Properties): CheckFailure[] {
  const failures = unsupported
    .filter((property) => values[property] !== undefined)
    .map((property) => ({ property, reason: "the simulator's stand-in for the kubernetes provider does not do this" }));
  if (values["enableServerSideApply"] !== undefined && !flag(values, "enableServerSideApply", "")) {
    failures.push({ property: "enableServerSideApply", reason: "the simulator's stand-in always applies server-side" });
  }
  if (containsUnknown(values) || typeof values["kubeconfig"] !== "string") return failures;
  try {
    parseKubeconfig(kubeconfigOf(values));
  } catch (error) {
    failures.push({ property: "kubeconfig", reason: (error as Error).message });
  }
  return failures;
}

export function configurationOf(values: Properties): Configuration {
  const { namespace } = values;
  return {
    api: containsUnknown(values) ? undefined : kubernetesApi(kubeconfigOf(values)),
    namespace: typeof namespace === "string" && namespace !== "" ? namespace : undefined,
    deleteUnreachable: flag(values, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    patchForce: flag(values, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    upsertExistingObjects: flag(values, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
    secretMutable: flag(values, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    configMapMutable: flag(values, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
  };
}

/** What says which cluster it is. */
const leading = ["kubeconfig", "context", "cluster"];

/**
 * Another cluster replaces all that is in it; new credentials for the same cluster replace nothing. Which cluster it is says `clusterIdentifier`, where both have
 * one, else all that the kubeconfig has of the cluster: its address, its authority, its proxy. What is not known yet is another.
 */
export function diffConfiguration(before: Properties, after: Properties): Map<string, DetailedChange> {
  const changes = compareInputs({}, before, after);
  const [was, is] = [before, after].map(({ clusterIdentifier }) => clusterIdentifier);
  const isIdentified = was !== undefined && is !== undefined;
  const isOther = isIdentified && was !== is;
  const isMoved = (isOther || !isIdentified) && leadsElsewhere(before, after);
  return new Map(
    changes.map(({ path, kind }) => {
      const replaces = path[0] === "clusterIdentifier" ? isOther : isMoved && leading.includes(String(path[0]));
      return [formatPath(path), { kind, replaces, ofInput: true }];
    }),
  );
}

function leadsElsewhere(before: Properties, after: Properties): boolean {
  if (leading.some((field) => containsUnknown(after[field]))) return true;
  const [then, now] = [before, after].map(clusterEntryOf);
  return then !== undefined && now !== undefined && !isDeepStrictEqual(then, now);
}

function clusterEntryOf(values: Properties): object | undefined {
  try {
    return currentEntries(kubeconfigOf(values)).cluster;
  } catch {
    return undefined;
  }
}

/** The text of the kubeconfig with the wanted context as the current one. */
function kubeconfigOf({ kubeconfig, context, cluster }: Properties): string {
  const text = kubeconfigText(typeof kubeconfig === "string" && kubeconfig !== "" ? kubeconfig : undefined);
  if (typeof context !== "string" && typeof cluster !== "string") return text;
  const document = parse(text) as {
    "current-context"?: string;
    contexts?: { name: string; context: { cluster: string } }[];
  };
  if (typeof context === "string") document["current-context"] = context;
  const current = document.contexts?.find(({ name }) => name === document["current-context"]);
  if (typeof cluster === "string" && current !== undefined) current.context.cluster = cluster;
  return stringify(document);
}

/** Contents or the path of a file; without either, the one that kubectl would take. */
function kubeconfigText(kubeconfig: string | undefined): string {
  const given = kubeconfig ?? process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config");
  const isPath = !given.includes("\n") && !given.trimStart().startsWith("{");
  if (!isPath) return given;
  const path = given.replace(/^~(?=\/)/, homedir());
  if (!existsSync(path)) throw new Error(`there is no kubeconfig file ${path}`);
  return readFileSync(path, "utf8");
}

/** Values that are not strings arrive as JSON text from the SDK. */
function flag(values: Properties, property: string, variable: string): boolean {
  const value = values[property] ?? process.env[variable];
  return value === true || value === "true" || value === "1";
}
