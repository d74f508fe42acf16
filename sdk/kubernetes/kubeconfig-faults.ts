/** What of a kubeconfig nobody can use, or would use in another way than is meant. Pure. */

type Fields = Readonly<Record<string, unknown>>;

/** Of one cluster's and one user's entry: a sentence each, which quotes no secret. A server that is missing is not among them. */
export function kubeconfigFaults(cluster: Fields, user: Fields): string[] {
  return [
    ...serverFaults(cluster),
    ...trustFaults(cluster),
    ...dataFaults({ ...cluster, ...user }),
    ...userFaults(user),
  ];
}

/** It stands in commands and scripts later on, and JavaScript's reader of URLs takes line breaks and `;` in it. */
const plainServer = /^https:\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?(\/[\w.~:%-]*)*$/i;

function serverFaults({ server, "proxy-url": proxy }: Fields): string[] {
  const url = urlOf(server);
  const faults = [];
  if (url !== undefined && (url.username !== "" || url.password !== ""))
    faults.push("its server has a user in it: credentials belong to the kubeconfig's user");
  else if (url?.protocol === "http:")
    faults.push(`its server is ${url.origin}, and must be https://: anybody on the way would read the credentials`);
  else if (url !== undefined && !plainServer.test(String(server)))
    faults.push(`its server must be https://host:port, is ${JSON.stringify(server)}`);
  const proxyUrl = urlOf(proxy);
  if (proxy !== undefined && proxy !== "" && !["http:", "https:"].includes(proxyUrl?.protocol ?? ""))
    faults.push("its proxy-url must be an HTTP proxy, http://host:port");
  return faults;
}

function trustFaults(cluster: Fields): string[] {
  const authority = cluster["certificate-authority-data"] || cluster["certificate-authority"];
  return cluster["insecure-skip-tls-verify"] === true && authority
    ? [
        "it has both an authority's certificate and insecure-skip-tls-verify, which clients refuse: leave the latter out",
      ]
    : [];
}

function dataFaults(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    if (!field.endsWith("-data") || typeof value !== "string") return [];
    return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value) ? [] : [`its ${field} must be the PEM file in base64`];
  });
}

function userFaults({ as, exec }: Fields): string[] {
  const { command } = (exec ?? {}) as { command?: unknown };
  const isBeside = typeof command === "string" && /^[^/].*\//.test(command);
  return [
    ...(isBeside ? ["the command of its exec is a relative path: beside which file nobody knows here"] : []),
    ...(as === undefined
      ? []
      : ["it acts as somebody else (as), which is not supported: give that account's own credentials"]),
  ];
}

function urlOf(text: unknown): URL | undefined {
  return typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
}
