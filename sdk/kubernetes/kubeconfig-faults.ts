/** What of a kubeconfig nobody can use, or would use in another way than is meant. Pure. */
import { execFaults, execTypeFaults, providerFaults } from "./kubeconfig-plugins";

type Fields = Readonly<Record<string, unknown>>;

/** Settings that name files of the computer that the kubeconfig was written on. */
export const fileFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/** What must be a text where it is given. */
const texts = {
  cluster: ["certificate-authority", "certificate-authority-data", "tls-server-name", "proxy-url"],
  user: [
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "username",
    "password",
  ],
};

/** Of one cluster's and one user's entry: a sentence each, which quotes no secret. A server that is missing is not among them. */
export function kubeconfigFaults(cluster: Fields, user: Fields): string[] {
  return [
    ...textFaults(cluster, texts.cluster),
    ...textFaults(user, texts.user),
    ...serverFaults(cluster),
    ...trustFaults(cluster),
    ...dataFaults({ ...cluster, ...user }),
    ...certificateFaults(user),
    ...tokenFaults(user),
    ...actingFaults(user),
    ...execFaults(user),
    ...providerFaults(user),
  ];
}

/** What kubectl cannot read: it would take the whole file that such an entry is in for broken. */
export function unreadableFaults(cluster: Fields, user: Fields, context: Fields): string[] {
  const { server } = cluster;
  return [
    ...(typeof server === "string" && server !== ""
      ? []
      : ["its cluster has no server, which would be https://host:port"]),
    ...textFaults(cluster, texts.cluster),
    ...textFaults(user, texts.user),
    ...textFaults(context, ["namespace"]),
    ...skipFaults(cluster),
    ...dataFaults({ ...cluster, ...user }),
    ...(typeof user["token"] === "string" && isLeftOut(user["token"]) ? [leftOut("token")] : []),
    ...execTypeFaults(user),
  ];
}

/** It stands in commands and scripts later on, and JavaScript's reader of URLs takes line breaks and `;` in it. */
const plainServer = /^https:\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?(\/[\w.~:%-]*)*$/i;

function textFaults(fields: Fields, which: readonly string[]): string[] {
  return which.flatMap((field) => {
    const value = fields[field] ?? "";
    return typeof value === "string" ? [] : [`its ${field} must be a text: put it in quotes`];
  });
}

function serverFaults({ server, "proxy-url": proxy }: Fields): string[] {
  const url = urlOf(server);
  const faults = [];
  if (url !== undefined && (url.username !== "" || url.password !== ""))
    faults.push("its server has a user in it: credentials belong to the kubeconfig's user");
  else if (url?.protocol === "http:")
    faults.push(`its server is ${url.origin}, and must be https://: anybody on the way would read the credentials`);
  else if (url !== undefined && !plainServer.test(String(server)))
    faults.push(`its server must be https://host:port${quoted(server)}`);
  const proxyUrl = urlOf(proxy);
  if (typeof proxy === "string" && proxy !== "" && !["http:", "https:"].includes(proxyUrl?.protocol ?? ""))
    faults.push("its proxy-url must be an HTTP proxy, http://host:port");
  return faults;
}

/** What may be quoted of a server: credentials may stand before an @. */
export function quoted(server: unknown): string {
  return typeof server === "string" && server !== "" && !server.includes("@") ? `, is ${JSON.stringify(server)}` : "";
}

function trustFaults(cluster: Fields): string[] {
  const {
    "insecure-skip-tls-verify": skips,
    "certificate-authority-data": data,
    "certificate-authority": file,
  } = cluster;
  const faults = skipFaults(cluster);
  if (skips === true && (data || file))
    faults.push(
      "it has both an authority's certificate and insecure-skip-tls-verify, which clients refuse: leave the latter out",
    );
  if (data && file) faults.push("it has both certificate-authority-data and certificate-authority: leave one out");
  return faults;
}

function skipFaults({ "insecure-skip-tls-verify": skips }: Fields): string[] {
  return typeof (skips ?? false) === "boolean"
    ? []
    : ["its insecure-skip-tls-verify must be true or false, without quotes"];
}

function dataFaults(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    if (!field.endsWith("-data") || typeof value !== "string") return [];
    if (isLeftOut(value)) return [leftOut(field)];
    return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) ? [] : [`its ${field} must be the PEM file in base64`];
  });
}

/** A certificate is of use with its key alone. */
function certificateFaults(user: Fields): string[] {
  const has = (field: string) => Boolean(user[field]);
  const twice = ["client-certificate", "client-key"].filter((field) => has(field) && has(`${field}-data`));
  const certificate = has("client-certificate") || has("client-certificate-data");
  const key = has("client-key") || has("client-key-data");
  return [
    ...twice.map((field) => `it has both ${field} and ${field}-data: leave one out`),
    ...(certificate && !key ? ["it has a client's certificate without its key (client-key-data)"] : []),
    ...(key && !certificate ? ["it has a client's key without its certificate (client-certificate-data)"] : []),
  ];
}

function tokenFaults({ token }: Fields): string[] {
  if (typeof token !== "string") return [];
  if (isLeftOut(token)) return [leftOut("token")];
  return /^[\x21-\x7e]*$/.test(token.trim())
    ? []
    : ["its token has a space, a line end or another character in it that no token has"];
}

function actingFaults(user: Fields): string[] {
  const isGiven = (value: unknown) =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  const field = ["as", "as-uid", "as-groups", "as-user-extra"].find((each) => isGiven(user[each]));
  return field === undefined
    ? []
    : [`it acts as somebody else (${field}), which is not supported: give that account's own credentials`];
}

/** `kubectl config view` says so in the place of what is secret. */
function isLeftOut(text: string): boolean {
  return ["DATA+OMITTED", "REDACTED"].includes(text.trim());
}

function leftOut(field: string): string {
  return `its ${field} was left out by \`kubectl config view\`: add --raw to that`;
}

function urlOf(text: unknown): URL | undefined {
  return typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
}
