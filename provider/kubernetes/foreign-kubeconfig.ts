/** The kubeconfig of another cluster as a controller wrote it, made fit for use from elsewhere. Pure. */
import { certificatesIn } from "../../sdk/kubernetes/pem";
import { currentEntries, InvalidKubeconfig, parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

export interface ForeignCluster {
  clusterKubeconfig: string;
  endpoint: string;
  certificateAuthority: string;
}

/**
 * Its authority and its credentials, with the server replaced where there is another. Throws `InvalidKubeconfig` where it has more than data, or trusts
 * anybody: it goes on to everybody's computer.
 */
export function foreignKubeconfig(text: string, clusterName: string, server: string | undefined): ForeignCluster {
  const { certificateAuthority: authority = "", credentials, tlsServerName, ...found } = parseKubeconfig(text);
  const { cluster, user } = currentEntries(text);
  const fault = wayFault(cluster, found.endpoint, server) ?? trustFault(cluster) ?? userFault(user);
  if (fault !== undefined) throw new InvalidKubeconfig(fault);
  const certificateAuthority = certificatesIn(authority);
  if (certificateAuthority === "")
    throw new InvalidKubeconfig(
      "the kubeconfig has no certificate-authority-data with a certificate: nobody could tell whose the server is",
    );
  if (credentials.kind !== "certificate" && credentials.kind !== "token")
    throw new InvalidKubeconfig(withoutCredentials);
  const endpoint = (server ?? found.endpoint).replace(/\/$/, "");
  const clusterKubeconfig = renderKubeconfig({
    clusterName,
    endpoint,
    certificateAuthority,
    ...(tlsServerName !== undefined && { tlsServerName }),
    credentials,
  });
  return { clusterKubeconfig, endpoint, certificateAuthority };
}

type Fields = Readonly<Record<string, unknown>>;

const withoutCredentials = "the kubeconfig has neither a client's certificate with its key nor a token";

function wayFault(cluster: Fields, endpoint: string, server: string | undefined): string | undefined {
  if (cluster["proxy-url"])
    return "the kubeconfig goes through a proxy (proxy-url), which is there for who wrote it, and not for everybody: it must lead to the server itself";
  const { pathname } = new URL(endpoint);
  return server === undefined || pathname === "/"
    ? undefined
    : `the kubeconfig's server has a path, ${endpoint}: it leads through somebody else, whose credentials are of no use at ${server}`;
}

function trustFault(cluster: Fields): string | undefined {
  if (cluster["insecure-skip-tls-verify"] === true)
    return "the kubeconfig trusts whoever answers (insecure-skip-tls-verify): it must have the authority's certificate instead (certificate-authority-data)";
  if (cluster["certificate-authority"])
    return "the kubeconfig's authority is in a file of who wrote it (certificate-authority): it must stand in it (certificate-authority-data)";
  return undefined;
}

/** Of credentials that are elsewhere than in it. */
function userFault(user: Fields): string | undefined {
  const must = "a client's certificate with its key, or a token, must stand in it";
  const { exec, username } = user;
  if (exec)
    return `the kubeconfig's user runs a command for its credentials (exec), which nobody here would run: ${must}`;
  if (user["auth-provider"])
    return `the kubeconfig's user asks a provider for its credentials (auth-provider): ${must}`;
  const file = ["client-certificate", "client-key", "tokenFile"].find((field) => user[field]);
  if (file !== undefined && !user["token"])
    return `the kubeconfig's credentials are in files of who wrote it (${file}): ${must}`;
  return username ? `the kubeconfig has a name and a password, which API servers have given up: ${must}` : undefined;
}
