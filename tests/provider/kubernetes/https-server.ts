/** An HTTPS server with a certificate for the name `kubernetes` only, and a kubeconfig for it. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { issueCertificate, makeAuthority } from "../../../provider/kubernetes/certificates";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";

export interface HttpsServer {
  kubeconfig: string;
  endpoint: string;
  /** For a gate before it, where it has its address for a name. */
  identity: { certificate: string; privateKey: string; certificateAuthority: string };
  server: Server;
  /** New TCP connections so far. */
  connections: () => number;
  close(): Promise<void>;
}

export async function httpsServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  names: { serverName?: string; ipAddresses?: string[] } = { serverName: "kubernetes" },
): Promise<HttpsServer> {
  const ca = await makeAuthority("kubernetes");
  const serving = await issueCertificate(ca, {
    commonName: "kube-apiserver",
    dnsNames: ["kubernetes"],
    ...(names.ipAddresses && { ipAddresses: names.ipAddresses }),
    usages: ["server"],
    validForHours: 1,
  });
  const client = await issueCertificate(ca, { commonName: "someone", usages: ["client"], validForHours: 1 });
  const server = createServer(
    {
      cert: serving.certificate,
      key: serving.privateKey,
      ca: ca.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
    answer,
  );
  let connections = 0;
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kubeconfig: renderKubeconfig({
      clusterName: "test",
      endpoint,
      certificateAuthority: ca.certificate,
      tlsServerName: names.serverName,
      credentials: { clientCertificate: client.certificate, clientKey: client.privateKey },
    }),
    endpoint,
    identity: { ...serving, certificateAuthority: ca.certificate },
    server,
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
