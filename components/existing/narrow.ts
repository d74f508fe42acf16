/** One context of a kubeconfig, whole in itself. Pure. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isAbsolute } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify, YAMLParseError } from "yaml";
import { endedCredentials } from "../../sdk/kubernetes/credentials-end";
import { yamlOfKubeconfigs } from "../../sdk/kubernetes/kubeconfig";
import { fileFields, kubeconfigFaults, quoted } from "../../sdk/kubernetes/kubeconfig-faults";
import { isRecord } from "../../sdk/schema/record";
import { widelyRead } from "../../sdk/yaml";
import { Problems } from "../errors";

type Fields = Record<string, unknown>;

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

/** `@pulumi/eks` gives an object. */
export function checkForm(given: unknown, problems: Problems): void {
  if (!isRecord(given)) return;
  problems.add("kubeconfig", "must be a text, not an object: `pulumi.jsonStringify(…)` makes that of it");
  problems.settle("kubeconfig");
}

function narrow(text: string, wanted: string | undefined, problems: Problems): string {
  const document = documentOf(text, problems);
  if (document === undefined) return "";
  const contexts = named(document, "contexts");
  const name = wanted ?? textOf(document["current-context"]);
  if (name === undefined || name === "") {
    problems.add("context", `is required, because the kubeconfig has no current-context; it has: ${namesOf(contexts)}`);
    return "";
  }
  const add = (fault: string) => problems.add("kubeconfig", `context "${name}": ${fault}`);
  const context = partOf(contexts, name, "context", add);
  if (context === undefined) {
    problems.add("context", `"${name}" is not among the kubeconfig's contexts, which are: ${namesOf(contexts)}`);
    return "";
  }
  const cluster = partOf(named(document, "clusters"), context["cluster"], "cluster", add);
  const isAnonymous = [undefined, null, ""].some((none) => context["user"] === none);
  const user = isAnonymous ? {} : partOf(named(document, "users"), context["user"], "user", add);
  if (cluster === undefined) add("it leads to no server: the kubeconfig has no cluster of the name that it says");
  else if (!isServer(cluster["server"])) add(`its server must be https://host:port${quoted(cluster["server"])}`);
  if (user === undefined) add("the kubeconfig has no user of the name that it says");
  const faults = kubeconfigFaults(tidy(cluster) ?? {}, tidy(user) ?? {});
  const told = (field: string) => faults.some((fault) => fault.startsWith(`its ${field} `));
  for (const fault of [...faults, ...textFaults({ ...cluster, ...user }, told)]) add(fault);
  if (user !== undefined && faults.length === 0 && !hasCredentials(user))
    add("its user has no credentials, so that it could do nothing: give a token, a client's certificate or an exec");
  const ended = endedCredentials(tidy(user) ?? {});
  if (ended !== undefined) add(`${ended}, so that it can do nothing any more: give another`);
  if (!isPair(tidy(user) ?? {}))
    add("its client-key-data is not the key of its client-certificate-data: one of them is of another user");
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

/** Faults of a text that is another computer's file: what it names is not beside it, and what it has must be whole. */
function textFaults(fields: Fields, isTold: (field: string) => boolean): string[] {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const beside = given.filter(([field, value]) => fileFields.includes(field) && value !== "" && !isAbsolute(value));
  const data = given.filter(
    ([field, value]) => field.endsWith("-data") && value.trim() !== "" && !isPem(value) && !isTold(field),
  );
  return [
    ...beside.map(
      ([field]) => `${field} is a relative path: \`kubectl config view --flatten --minify\` puts files into the text`,
    ),
    ...data.map(([field]) => `its ${field} must be a PEM file in base64, once`),
  ];
}

function isPem(base64: string): boolean {
  return Buffer.from(base64, "base64").toString("latin1").includes("-----BEGIN ");
}

/** Of what can be read at all. */
function isPair({ "client-certificate-data": certificate, "client-key-data": key }: Fields): boolean {
  try {
    const read = (data: unknown) => Buffer.from(data as string, "base64");
    return new X509Certificate(read(certificate)).checkPrivateKey(createPrivateKey(read(key)));
  } catch {
    return true;
  }
}

function isServer(server: unknown): boolean {
  return typeof server === "string" && URL.canParse(server);
}

function hasCredentials(user: Fields): boolean {
  return Object.values(user).some((value) => value !== "" && value !== null && value !== undefined);
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

/** Undefined where it is none; each way to go wrong is told by what it looks like, and quotes nothing. */
function documentOf(text: string, problems: Problems): Fields | undefined {
  const refuse = (reason: string) => void problems.add("kubeconfig", reason);
  if (typeof text !== "string" || text.trim() === "") return refuse("is empty: give the text of the file");
  let value: unknown;
  try {
    value = parse(text, yamlOfKubeconfigs);
  } catch (error) {
    return refuse(notYaml(error));
  }
  if (typeof value === "string" && !value.includes(" ") && isKubeconfig(Buffer.from(value, "base64").toString("utf8")))
    return refuse("is a kubeconfig in base64: decode it first");
  if (typeof value === "string" && isKubeconfig(value))
    return refuse("is a kubeconfig in quotes: pulumi.jsonStringify is for an object, and leads a text into another");
  if (!isRecord(value)) return refuse("is not a kubeconfig: give the text of the file, not its path");
  const { kind = "Config" } = value;
  return kind === "Config" ? value : refuse(`is a ${String(kind)}, not a kubeconfig`);
}

function notYaml(error: unknown): string {
  if (!(error instanceof YAMLParseError)) return "is not a kubeconfig: its anchors unfold without end";
  const [at] = error.linePos ?? [];
  const place = at === undefined ? "" : ` (line ${at.line}, column ${at.col}: ${error.code})`;
  return ["MULTIPLE_DOCS", "DUPLICATE_KEY"].includes(error.code)
    ? `seems to be several files in one${place}: \`KUBECONFIG=one:other kubectl config view --flatten\` merges them`
    : `is not a kubeconfig: it is not YAML${place}`;
}

function isKubeconfig(text: string): boolean {
  return /^"?(apiVersion|clusters|contexts|kind)"?:|^\s*\{/m.test(text) && text.includes("clusters");
}

function named(document: Fields, list: string): Fields[] {
  const entries = document[list];
  return Array.isArray(entries) ? (entries as unknown[]).filter(isRecord) : [];
}

/** Undefined where there is none. kubectl refuses several of one name; equal ones do no harm. */
function partOf(
  entries: readonly Fields[],
  name: unknown,
  part: string,
  add: (fault: string) => void,
): Fields | undefined {
  const [first, ...others] = entries.filter((entry) => textOf(entry["name"]) === textOf(name));
  if (name === undefined || first === undefined) return undefined;
  if (others.some((other) => !isDeepStrictEqual(other[part], first[part])))
    add(`the kubeconfig has several ${part}s of the name that it says, and nobody could tell which is meant`);
  const value = first[part] ?? {};
  return isRecord(value) ? value : undefined;
}

/** YAML reads a name of digits as a number. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function namesOf(contexts: readonly Fields[]): string {
  return contexts.map(({ name }) => `"${String(name)}"`).join(", ") || "none";
}
