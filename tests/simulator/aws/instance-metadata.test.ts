import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InstanceMetadata, type InstanceFacts } from "../../../simulator/aws/instance-metadata";

const facts: InstanceFacts = {
  account: "123456789012",
  region: "us-west-2",
  zone: "us-west-2b",
  instanceId: "i-1",
  instanceType: "m5.large",
  imageId: "ami-1",
  privateIp: "10.0.3.7",
  privateDns: "ip-10-0-3-7.us-west-2.compute.internal",
  mac: "0a:00:00:00:00:01",
  vpc: "vpc-1",
  publicIp: undefined,
  lifeCycle: "on-demand",
  interruption: undefined,
  securityGroups: ["nodes"],
  userData: Buffer.from([0x1f, 0x8b, 0xff]),
  profileArn: "arn:aws:iam::123456789012:instance-profile/node",
  roleName: "node",
  service: "required",
};

describe("the metadata service of simulated instances", () => {
  let server: Server;
  let url: string;
  let known: InstanceFacts;
  let asked = 0;

  before(async () => {
    const metadata = new InstanceMetadata({
      facts: (machine) => Promise.resolve(machine === "other" ? { ...known, instanceId: "i-2" } : known),
      credentials: () => {
        asked += 1;
        const expiration = new Date(0);
        return Promise.resolve({
          accessKeyId: "ASIA1",
          secretAccessKey: "secret",
          sessionToken: "session",
          expiration,
        });
      },
    });
    server = createServer((request, response) => {
      void metadata.answer(request, response, String(request.headers["x-test-machine"] ?? "one"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => (known = facts));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const ttl = "x-aws-ec2-metadata-token-ttl-seconds";
  const token = async (headers: Record<string, string> = { [ttl]: "60" }) =>
    fetch(`${url}/latest/api/token`, { method: "PUT", headers });
  async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${url}${path}`, {
      headers: { "x-aws-ec2-metadata-token": await (await token()).text(), ...headers },
    });
  }
  const text = async (path: string) => (await get(path)).text();

  it("answers with a token of the same machine only", async () => {
    assert.equal(await text("/latest/meta-data/instance-id"), "i-1");
    assert.equal((await fetch(`${url}/latest/meta-data/instance-id`)).status, 401);
    assert.equal((await get("/latest/meta-data/instance-id", { "x-aws-ec2-metadata-token": "guessed" })).status, 401);
    assert.equal((await get("/latest/meta-data/instance-id", { "x-test-machine": "other" })).status, 401);
    known = { ...facts, service: "optional" };
    assert.equal((await fetch(`${url}/2021-03-23/meta-data/instance-id`)).status, 200);
    known = { ...facts, service: "disabled" };
    assert.equal((await get("/latest/meta-data/instance-id")).status, 403);
  });

  it("gives tokens to whoever asks as EC2 wants it", async () => {
    assert.equal((await token()).headers.get(ttl), "60");
    assert.equal((await token({})).status, 400);
    assert.equal((await token({ [ttl]: "21601" })).status, 400);
    assert.equal((await token({ [ttl]: "60", "x-forwarded-for": "10.0.0.1" })).status, 403);
    assert.equal((await fetch(`${url}/latest/api/token`)).status, 405);
  });

  it("lists what is below a name, and knows nothing else", async () => {
    assert.equal(await text("/latest/"), "dynamic/\nmeta-data/\nuser-data");
    assert.equal(await text("/latest/meta-data/placement"), "availability-zone\nregion");
    assert.equal((await get("/latest/meta-data/public-ipv4")).status, 404);
    assert.equal((await get("/latest/nothing")).status, 404);
    assert.equal((await get("/nothing")).status, 404);
  });

  it("hands user data out byte by byte", async () => {
    const response = await get("/2009-04-04/user-data");
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), facts.userData);
    known = { ...facts, userData: undefined };
    assert.equal((await get("/latest/user-data")).status, 404);
  });

  it("makes credentials of the role for those who ask for them", async () => {
    const path = "/latest/meta-data/iam/security-credentials/";
    assert.equal(await text(path), "node");
    assert.equal(asked, 0);
    assert.deepEqual(
      { ...(JSON.parse(await text(`${path}node`)) as object), LastUpdated: "" },
      {
        Code: "Success",
        LastUpdated: "",
        Type: "AWS-HMAC",
        AccessKeyId: "ASIA1",
        SecretAccessKey: "secret",
        Token: "session",
        Expiration: "1970-01-01T00:00:00Z",
      },
    );
    known = { ...facts, roleName: undefined, profileArn: undefined };
    assert.equal((await get(path)).status, 404);
  });
});
