/** The kubeconfig of another cluster as a controller wrote it, made fit for use from elsewhere. Pure. */
import { certificatesIn } from "../../sdk/kubernetes/pem";
import { InvalidKubeconfig, parseKubeconfig, renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

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
  const certificateAuthority = certificatesIn(authority);
  if (certificateAuthority === "")
    throw new InvalidKubeconfig(
      "the kubeconfig has no certificate-authority-data with a certificate: nobody could tell whose the server is",
    );
  if (credentials.kind !== "certificate" && credentials.kind !== "token")
    throw new InvalidKubeconfig("the kubeconfig has neither a client's certificate with its key nor a token");
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
