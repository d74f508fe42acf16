/** What a machine on EC2 calls itself, and which machine a control plane takes for the one of a name. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { placeholders } from "../../bootstrap/document";
import { ec2Script } from "../../bootstrap/ec2-script";
import { Ec2Services } from "./ec2-services";

const joinParameter = "/gpu-clusters/train/join";
const name = "ip-10-0-64-9.us-west-2.compute.internal";

describe("the names of machines on EC2", () => {
  let services: Ec2Services;
  let environment: Record<string, string>;
  let folder: string;

  beforeEach(async () => {
    services = new Ec2Services();
    environment = await services.start();
    services.parameters.set(joinParameter, JSON.stringify({ bootstrapToken: "abcdef.0123456789abcdef" }));
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-names-"));
    writeFileSync(join(folder, "ec2-cluster"), "train*\n");
    writeFileSync(join(folder, "ec2.py"), /^cat >"\$ec2" <<'END'\n([^]*?)\nEND$/m.exec(ec2Script)![1]!);
  });
  afterEach(async () => {
    await services.stop();
    rmSync(folder, { recursive: true });
  });

  async function python(words: readonly string[], input: string): Promise<unknown> {
    const child = spawn("python3", [join(folder, "ec2.py"), ...words], { env: { ...process.env, ...environment } });
    child.stdin.end(input);
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    assert.ok(output !== "", errors);
    return JSON.parse(output);
  }

  it("are EC2's own, and its networks' DHCP has no part in them", async () => {
    for (const [label, given, region, expected] of [
      ["another domain", "ip-10-0-64-9.Corp.Example", "us-west-2", name],
      ["a long one", `ip-10-0-64-9.${"long.".repeat(20)}example`, "us-west-2", name],
      ["two", "ip-10-0-64-9.corp.example us-west-2.compute.internal", "us-west-2", name],
      ["none", "ip-10-0-64-9", "us-west-2", name],
      ["the first region's", "ip-10-0-64-9.ec2.internal", "us-east-1", "ip-10-0-64-9.ec2.internal"],
      ["its id", "i-07.corp.example", "eu-west-1", "i-07.eu-west-1.compute.internal"],
    ] as const) {
      Object.assign(services.metadata, { "local-hostname": given, "placement/region": region });
      const document = { role: "worker", nodeName: placeholders.nodeName, secrets: { parameter: joinParameter } };
      const { nodeName } = (await python(["complete"], `#\n${JSON.stringify(document)}`)) as { nodeName: string };
      assert.equal(nodeName, expected, label);
    }
  });

  describe("as the control plane asks EC2 for them", () => {
    interface Found {
      address: string;
      hostnames?: string;
    }
    const item = ({ address, hostnames }: Found) =>
      `<item><instanceId>i-07</instanceId><launchTime>2026-11-28T10:00:00.000Z</launchTime><privateIpAddress>${address}</privateIpAddress>` +
      "<placement><availabilityZone>us-west-2b</availabilityZone></placement><tagSet><item><key>a</key></item></tagSet>" +
      `${hostnames ? `<privateDnsNameOptions><hostnameType>${hostnames}</hostnameType></privateDnsNameOptions>` : ""}</item>`;
    const instances = (items: string[]) =>
      `<?xml version="1.0"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet>${items.join("")}</instancesSet></item></reservationSet></DescribeInstancesResponse>`;
    let asked: Record<string, string>[];
    beforeEach(() => {
      asked = [];
    });

    function machineOf(nodeName: string, ...found: Found[]): Promise<unknown> {
      services.instances = (filters) => {
        asked.push(filters);
        return instances(found.map(item));
      };
      return askFor(nodeName);
    }
    async function askFor(nodeName: string): Promise<unknown> {
      const machines = (await python(["machines", nodeName], "")) as Record<string, unknown>;
      assert.ok(Object.keys(machines).every((each) => each === nodeName));
      return machines[nodeName] ?? null;
    }
    const answer = { providerId: "aws:///us-west-2b/i-07", since: "2026-11-28T10:00:00Z" };
    const ofCluster = {
      "instance-state-name": "running",
      "vpc-id": "vpc-1",
      "tag:gpu-clusters/cluster": "train\\*",
      "tag-key": "gpu-clusters/node-group",
    };

    it("are a machine's of a node group, and one machine's", async () => {
      const here = { address: "10.0.64.9", hostnames: "ip-name" };
      assert.deepEqual(await machineOf(name, here), answer);
      assert.deepEqual(asked, [{ "private-ip-address": "10.0.64.9", ...ofCluster }]);
      assert.equal(await machineOf(name), null);
      assert.equal(await machineOf(name, here, here), null);
    });

    it("are asked for all at once", async () => {
      services.instances = (filters) => {
        asked.push(filters);
        const found = ["10.0.64.9", "10.0.64.8", "10.0.64.7"].map((address) => item({ address }));
        return instances(found);
      };
      const other = name.replace("-9.", "-8.");
      const strangers = ["train", "ip-10-0-64-7", "ip-10-0-64-6.us-west-2.compute.internal"];
      const machines = await python(["machines", name, ...strangers, other], "");
      assert.deepEqual(machines, { [name]: answer, [other]: answer });
      assert.deepEqual(asked, [{ "private-ip-address": "10.0.64.9,10.0.64.6,10.0.64.8", ...ofCluster }]);
    });

    it("are of the machine's id, where its subnet says so", async () => {
      const here = { address: "10.0.64.9", hostnames: "resource-name" };
      assert.deepEqual(await machineOf("i-07.us-west-2.compute.internal", here), answer);
      assert.deepEqual(asked, [{ "instance-id": "i-07", ...ofCluster }]);
    });

    it("are one for each machine, and none of the network's own", async () => {
      const [byAddress, byId] = [{ address: "10.0.64.9" }, { address: "10.0.64.9", hostnames: "resource-name" }];
      const ownId = "i-07.us-west-2.compute.internal";
      assert.equal(await machineOf(ownId, byAddress), null);
      services.instances = () => instances([item(byId)]);
      assert.deepEqual(await python(["machines", name, ownId], ""), { [ownId]: answer }, "asked for as both");
      assert.equal(await machineOf(name, byId), null);
      assert.equal(await machineOf("ip-10-0-0-9.us-west-2.compute.internal", byAddress), null, "a second address");
      for (const other of ["ip-10-0-64-9.corp.example", "ip-10-0-64-9", "train", "ip-10-0-64-9.ec2.internal"])
        assert.equal(await machineOf(other, byAddress), null, other);
    });
  });
});
