/** Kubeconfigs, written and read. Pure. */
import { isAbsolute } from "node:path";
import { parse } from "yaml";
import { requireTexts } from "../function-arguments";
import { yamlText } from "../yaml";
import { kubeconfigFaults } from "./kubeconfig-faults";

/** Credentials that stand in the kubeconfig itself, in PEM. */
export interface CertificateCredentials {
  clientCertificate: string;
  clientKey: string;
}

/** A command that prints an `ExecCredential` (reference: Kubernetes, "client-go credential plugins"). */
export interface ExecCredentials {
  exec: { command: string; args?: string[]; env?: Record<string, string>; installHint?: string };
}

/** A file with a token that somebody keeps fresh. Absolute path. */
export interface TokenFileCredentials {
  tokenFile: string;
}

export interface TokenCredentials {
  token: string;
}

export interface KubeconfigParts {
  /** Also the name of the context, and of the user's and the cluster's entry. */
  clusterName: string;
  /** `https://host:port` of the API server. */
  endpoint: string;
  /** PEM; nothing else is trusted. Left out where the system's own authorities are meant. */
  certificateAuthority?: string | undefined;
  /** The name that the API server's certificate is checked against, where it is not the endpoint's host. */
  tlsServerName?: string | undefined;
  /** HTTP proxy that the API server is behind. */
  proxyUrl?: string | undefined;
  /** Left out where its reader has others. */
  credentials?: CertificateCredentials | ExecCredentials | TokenFileCredentials | TokenCredentials;
}

/** The same parts always give the same text. */
export function renderKubeconfig(parts: KubeconfigParts): string {
  const given: Partial<KubeconfigParts> | undefined = parts;
  requireTexts("renderKubeconfig", { clusterName: given?.clusterName, endpoint: given?.endpoint });
  const { clusterName: name } = parts;
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: parts.endpoint,
          ...(parts.certificateAuthority !== undefined && {
            "certificate-authority-data": base64(parts.certificateAuthority),
          }),
          ...(parts.tlsServerName !== undefined && { "tls-server-name": parts.tlsServerName }),
          ...(parts.proxyUrl !== undefined && { "proxy-url": parts.proxyUrl }),
        },
      },
    ],
    users: [{ name, user: user(parts.credentials) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  return yamlText(kubeconfig);
}

function user(credentials: KubeconfigParts["credentials"]): object {
  if (credentials === undefined) return {};
  if ("exec" in credentials) {
    const { command, args, env, installHint } = credentials.exec;
    return {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command,
        ...(args && { args }),
        ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
        ...(installHint !== undefined && { installHint }),
        interactiveMode: "IfAvailable",
      },
    };
  }
  if ("token" in credentials) return { token: credentials.token };
  if ("tokenFile" in credentials) return { tokenFile: credentials.tokenFile };
  return {
    "client-certificate-data": base64(credentials.clientCertificate),
    "client-key-data": base64(credentials.clientKey),
  };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** The current context of a kubeconfig. */
export interface KubeconfigContext {
  clusterName: string;
  /** `https://host:port`, as it stands in the kubeconfig. */
  endpoint: string;
  /** PEM; undefined where it is in a file, nobody's, or the system's own. */
  certificateAuthority?: string;
  /** Whether the system's own authorities are meant. */
  trustsSystem: boolean;
  tlsServerName?: string;
  proxyUrl?: string;
  insecureSkipTlsVerify: boolean;
  credentials:
    | { kind: "certificate"; clientCertificate: string; clientKey: string }
    | { kind: "token"; token: string }
    | { kind: "tokenFile"; path: string }
    /** A credential plugin, certificates in files beside the kubeconfig, a proxy: what a full client library must read. */
    | { kind: "other" }
    | { kind: "anonymous" };
}

/** Why a text is not a kubeconfig that can be used. Quotes nothing of it. */
export class InvalidKubeconfig extends Error {
  override readonly name = "InvalidKubeconfig";
}

type Fields = Readonly<Record<string, unknown>>;

/** The entries of a kubeconfig that its current context names, as they stand there. */
export interface KubeconfigEntries {
  contextName: string;
  clusterName: string;
  context: Fields;
  cluster: Fields;
  user: Fields;
}

/** Throws `InvalidKubeconfig`. */
export function currentEntries(text: string): KubeconfigEntries {
  const document = parsed(text);
  const contextName = document["current-context"];
  if (typeof contextName !== "string" || contextName === "")
    throw new InvalidKubeconfig("the kubeconfig names no current-context");
  const context = entry(document, "contexts", contextName, "context");
  const clusterName = String(context["cluster"] ?? "");
  const cluster = entry(document, "clusters", clusterName, "cluster");
  const userName = context["user"];
  const user = userName === undefined ? {} : entry(document, "users", String(userName), "user");
  return { contextName, clusterName, context, cluster, user };
}

/** Throws `InvalidKubeconfig`. */
export function parseKubeconfig(text: string): KubeconfigContext {
  const { clusterName, cluster, user } = currentEntries(text);
  const endpoint = cluster["server"];
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) {
    throw new InvalidKubeconfig(
      `the kubeconfig's cluster "${clusterName}" has no server, which would be https://host:port`,
    );
  }
  const [fault] = kubeconfigFaults(cluster, user);
  if (fault !== undefined) throw new InvalidKubeconfig(`the kubeconfig cannot be used: ${fault}`);
  const authority = textOf(cluster, "certificate-authority-data");
  const authorityFile = textOf(cluster, "certificate-authority");
  const tlsServerName = textOf(cluster, "tls-server-name");
  const proxyUrl = textOf(cluster, "proxy-url");
  const insecureSkipTlsVerify = cluster["insecure-skip-tls-verify"] === true;
  const beside = authorityFile !== undefined || proxyUrl !== undefined;
  return {
    clusterName,
    endpoint,
    ...(authority !== undefined && { certificateAuthority: fromBase64(authority) }),
    trustsSystem: authority === undefined && authorityFile === undefined && !insecureSkipTlsVerify,
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(proxyUrl !== undefined && { proxyUrl }),
    insecureSkipTlsVerify,
    credentials: beside ? { kind: "other" } : credentialsOf(user),
  };
}

/** Undefined where there is none, or an empty one. */
function textOf(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** As Kubernetes' own reader: an entry may take another's fields over (`<<`). Warnings would quote the text. */
export const yamlOfKubeconfigs = { merge: true, logLevel: "error" } as const;

function parsed(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parse(text, yamlOfKubeconfigs);
  } catch {
    throw new InvalidKubeconfig("the kubeconfig is not YAML");
  }
  if (typeof document !== "object" || document === null) throw new InvalidKubeconfig("the kubeconfig is empty");
  return document as Record<string, unknown>;
}

function entry(document: Fields, list: string, name: string, key: string): Fields {
  const entries = document[list];
  const found = Array.isArray(entries)
    ? (entries as (Fields | null)[]).find((candidate) => candidate?.["name"] === name)
    : undefined;
  if (found === undefined) throw new InvalidKubeconfig(`the kubeconfig has no "${name}" among its ${list}`);
  const value = found?.[key] ?? {};
  if (typeof value !== "object")
    throw new InvalidKubeconfig(`the kubeconfig's "${name}" among its ${list} is no mapping`);
  return value as Fields;
}

function credentialsOf(user: Fields): KubeconfigContext["credentials"] {
  const { "client-certificate-data": certificate, "client-key-data": key, token, tokenFile } = user;
  if (typeof certificate === "string" && typeof key === "string") {
    return { kind: "certificate", clientCertificate: fromBase64(certificate), clientKey: fromBase64(key) };
  }
  if (typeof token === "string" && token !== "") return { kind: "token", token: token.trim() };
  if (typeof tokenFile === "string" && isAbsolute(tokenFile)) return { kind: "tokenFile", path: tokenFile };
  return Object.keys(user).length === 0 ? { kind: "anonymous" } : { kind: "other" };
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
