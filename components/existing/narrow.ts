/** One context of a kubeconfig, whole in itself. Pure. */
import { isAbsolute } from "node:path";
import { parse, stringify } from "yaml";
import { yamlOfKubeconfigs } from "../../sdk/kubernetes/kubeconfig";
import { kubeconfigFaults } from "../../sdk/kubernetes/kubeconfig-faults";
import { widelyRead } from "../../sdk/yaml";
import { Problems } from "../errors";

type Fields = Record<string, unknown>;

/** Settings that name files beside the kubeconfig, which is a text here. */
const fileFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/**
 * The context that is asked for, else the current one, with its cluster and its user. What a kubeconfig may say of these stays as it is, credential
 * plugins too. Throws `InvalidInput` with what is wrong, without quoting the text.
 */
export function narrowKubeconfig(text: string, wanted?: string): string {
  const problems = new Problems();
  const narrowed = narrow(text, wanted, problems);
  problems.raise("ExistingCluster");
  return narrowed;
}

/** The same, of one that is not needed yet. */
export function checkKubeconfig(text: string, wanted: string | undefined, problems: Problems): void {
  narrow(text, wanted, problems);
}

function narrow(text: string, wanted: string | undefined, problems: Problems): string {
  const document = parsed(text);
  if (document === undefined) {
    problems.add("kubeconfig", "is not a kubeconfig: give the text of the file, not its path");
    return "";
  }
  const contexts = named(document, "contexts");
  const name = wanted ?? document["current-context"];
  if (typeof name !== "string" || name === "") {
    problems.add("context", `is required, because the kubeconfig has no current-context; it has: ${namesOf(contexts)}`);
    return "";
  }
  const context = partOf(contexts, name, "context");
  if (context === undefined) {
    problems.add("context", `"${name}" is not among the kubeconfig's contexts, which are: ${namesOf(contexts)}`);
    return "";
  }
  const cluster = partOf(named(document, "clusters"), context["cluster"], "cluster");
  const user = context["user"] === undefined ? {} : partOf(named(document, "users"), context["user"], "user");
  if (typeof cluster?.["server"] !== "string" || !URL.canParse(cluster["server"]))
    problems.add("kubeconfig", `context "${name}" leads to no server, which would be https://host:port`);
  if (user === undefined) problems.add("kubeconfig", `context "${name}" has no user of its name`);
  for (const fault of kubeconfigFaults(cluster ?? {}, user ?? {}))
    problems.add("kubeconfig", `context "${name}": ${fault}`);
  for (const [field, value] of Object.entries({ ...cluster, ...user })) {
    if (fileFields.includes(field) && typeof value === "string" && !isAbsolute(value))
      problems.add(
        "kubeconfig",
        `${field} is a relative path: \`kubectl config view --flatten --minify\` puts files into the text`,
      );
  }
  const { namespace } = context;
  const whole = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: tidy(cluster) }],
    users: [{ name, user: tidy(user) }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } }],
    "current-context": name,
  };
  // Readers of YAML differ in what else is a number or a boolean.
  return stringify(whole, {
    ...widelyRead,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    aliasDuplicateObjects: false,
  });
}

/** Line ends that came with a paste: readers differ in whether they pass over them. */
function tidy(fields: Fields | undefined): Fields | undefined {
  return (
    fields &&
    Object.fromEntries(
      Object.entries(fields).map(([field, value]) => {
        if (typeof value !== "string") return [field, value];
        return [field, field.endsWith("-data") ? value.replace(/\s+/g, "") : value.trim()];
      }),
    )
  );
}

function parsed(text: string): Fields | undefined {
  let value: unknown;
  try {
    value = parse(text, yamlOfKubeconfigs);
  } catch {
    return undefined;
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function named(document: Fields, list: string): Fields[] {
  const entries = document[list];
  return Array.isArray(entries)
    ? (entries as unknown[])
        .filter((entry) => typeof entry === "object" && entry !== null)
        .map((entry) => entry as Fields)
    : [];
}

/** kubectl takes the first of several with one name. */
function partOf(entries: readonly Fields[], name: unknown, part: string): Fields | undefined {
  const value = entries.find((entry) => entry["name"] === name)?.[part];
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}

function namesOf(contexts: readonly Fields[]): string {
  return contexts.map(({ name }) => `"${String(name)}"`).join(", ") || "none";
}
