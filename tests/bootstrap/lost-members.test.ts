/** Members of etcd that machines left which are gone: what a control plane that joins makes of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer, type Server } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { KeyPair } from "../../bootstrap/document";
import type { Ec2ControlPlaneKeys } from "../../bootstrap/ec2";
import { renderBootstrapScript } from "../../bootstrap/script";
import { issueCertificate, makeAuthority } from "../../provider/kubernetes/certificates";
import { freePort } from "../free-port";
import { controlPlane } from "./documents";
import { Ec2Services } from "./ec2-services";
import { FakeMachine } from "./machine";

interface Member {
  ID: string;
  name?: string;
  clientURLs?: string[];
}

describe("a control plane that joins others", function () {
  this.timeout(300_000);
  let authorities: Record<"ca" | "frontProxyCa" | "etcdCa", KeyPair>;
  let api: Server;
  let etcd: Server;
  let services: Ec2Services;
  let machine: FakeMachine;
  let environment: Record<string, string>;
  let nodes: string[];
  let members: Member[];
  let removed: string[];
  const clients = new Set<string>();

  const served = async (authority: KeyPair, answer: (path: string, body: string) => [number, unknown]) => {
    const identity = await issueCertificate(authority, {
      commonName: "server",
      ipAddresses: ["127.0.0.1"],
      usages: ["server"],
      validForHours: 1,
    });
    const server = createHttpsServer(
      { cert: identity.certificate, key: identity.privateKey, ca: authority.certificate, requestCert: true },
      (request, response) => {
        const { subject } = (request.socket as import("node:tls").TLSSocket).getPeerCertificate();
        clients.add([subject.O, subject.CN].filter(Boolean).join(" "));
        let body = "";
        request.on("data", (part: Buffer) => (body += part.toString()));
        request.on("end", () => {
          const [status, value] = answer(request.url!, body);
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        });
      },
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const address = { type: "InternalIP", address: "127.0.0.1" };

  before(async () => {
    const [ca, frontProxyCa, etcdCa] = await Promise.all(["ca", "front", "etcd"].map((name) => makeAuthority(name)));
    authorities = { ca: ca!, frontProxyCa: frontProxyCa!, etcdCa: etcdCa! };
    api = await served(ca!, (path) => {
      const name = path.split("/").at(-1)!;
      if (path.includes("?"))
        return [200, { items: nodes.map((node) => ({ metadata: { name: node }, status: { addresses: [address] } })) }];
      return nodes.includes(name) ? [200, {}] : [404, { kind: "Status" }];
    });
    etcd = await served(etcdCa!, (path, body) => {
      if (path.endsWith("/list")) return [200, { members }];
      removed.push((JSON.parse(body) as { ID: string }).ID);
      return [200, {}];
    });
  });
  after(() => {
    api.close();
    etcd.close();
  });
  beforeEach(async () => {
    machine = new FakeMachine();
    services = new Ec2Services();
    environment = { ...(await services.start()), EC2_PAUSE: "0.05", ETCD_PORT: String(portOf(etcd)) };
    const { serviceAccountKey } = controlPlane.controlPlane!;
    const keys: Ec2ControlPlaneKeys = { controlPlane: { ...authorities, serviceAccountKey } };
    services.parameters.set("/keys", JSON.stringify(keys));
    services.parameters.set("/join", JSON.stringify({ bootstrapToken: "abcdef.0123456789abcdef" }));
    nodes = ["alive"];
    removed = [];
  });
  afterEach(async () => {
    machine.dispose();
    await services.stop();
  });

  const joined = async () => {
    const { certificateNames, podSubnet, serviceSubnet, kubeProxy } = controlPlane.controlPlane!;
    const userData = renderBootstrapScript(
      {
        ...controlPlane,
        certificateAuthority: authorities.ca.certificate,
        endpoint: `https://127.0.0.1:${portOf(api)}`,
        member: "other",
        controlPlane: { certificateNames, podSubnet, serviceSubnet, kubeProxy },
        secrets: { source: "aws-ssm", parameter: "/keys", joinParameter: "/join" },
      },
      { delivery: "ec2-user-data" },
    );
    const run = await machine.run(gunzipSync(Buffer.from(userData, "base64")).toString("utf8"), environment);
    assert.equal(run.status, 0, run.output);
    assert.match(machine.kubeadmConfig(), /kind: JoinConfiguration/);
    return run.output;
  };
  const silent = async () => [`https://127.0.0.1:${await freePort()}`];
  const living = () => [`https://127.0.0.1:${portOf(etcd)}`];

  it("takes out the member of a machine that is gone with its node", async () => {
    members = [
      { ID: "1", name: "alive", clientURLs: living() },
      { ID: "2", name: "gone", clientURLs: await silent() },
    ];
    assert.match(await joined(), /gone is gone: its member leaves/);
    assert.deepEqual(removed, ["2"]);
    assert.deepEqual([...clients].sort(), ["gpu-clusters-join", "kubeadm:cluster-admins gpu-clusters-join"]);
  });

  it("takes out what a machine of its own name and address left", async () => {
    members = [{ ID: "3", name: "ip-10-0-64-9.us-west-2.compute.internal", clientURLs: living() }];
    await joined();
    assert.deepEqual(removed, ["3"]);
  });

  it("leaves members that live, that have a node, or that another machine is only just adding", async () => {
    const listening = createServer().listen(0, "127.0.0.1");
    await once(listening, "listening");
    nodes = ["alive", "off"];
    members = [
      { ID: "1", name: "alive", clientURLs: living() },
      { ID: "2", name: "off", clientURLs: await silent() },
      { ID: "3", name: "not-registered-yet", clientURLs: [`https://127.0.0.1:${portOf(listening)}`] },
      { ID: "4" },
    ];
    const output = await joined();
    listening.close();
    assert.deepEqual(removed, []);
    assert.doesNotMatch(output, /could not be looked for/);
  });

  it("joins as well where it cannot look, and leaves no key behind", async () => {
    environment.ETCD_PORT = String(await freePort());
    members = [];
    const output = await joined();
    assert.match(output, /no member of etcd answers[^]*they could not be looked for/);
  });
});
