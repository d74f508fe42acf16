/** The patience of AWS's SDK clients: what has gone silent is given up, and what asks for patience is asked again. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AwsClients } from "../../../provider/aws/clients";
import { describing } from "../../../provider/aws/describing";

const credentials = { accessKeyId: "test", secretAccessKey: "test" };

describe("AWS's clients", () => {
  let silent: Server;
  let endpoint: string;

  beforeEach(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    silent.closeAllConnections();
    silent.close();
  });

  it("give a request up that gets no answer", async () => {
    const { settings } = new AwsClients({ region: "eu-west-1", endpoint });
    assert.equal(settings.requestHandler.requestTimeout, 60_000);
    const requestHandler = { ...settings.requestHandler, requestTimeout: 20 };
    const own = { ...settings, credentials, requestHandler, maxAttempts: 2 };
    await assert.rejects(new EC2Client(own).send(new DescribeVpcsCommand()), { name: "TimeoutError" });
  });

  it("ask again where AWS says that it was too often or too soon", async () => {
    let asked = 0;
    const hasty = createServer((_request, response) => {
      const refused = ++asked === 1;
      response.writeHead(refused ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(refused ? { __type: "TooManyUpdates" } : { Version: 2 }));
    });
    await new Promise<void>((resolve) => hasty.listen(0, "127.0.0.1", resolve));
    try {
      const place = `http://127.0.0.1:${(hasty.address() as AddressInfo).port}`;
      const { settings } = new AwsClients({ region: "eu-west-1", endpoint: place });
      const ssm = describing(new SSMClient({ ...settings, credentials }));
      const { Version } = await ssm.send(new PutParameterCommand({ Name: "/a", Value: "b", Overwrite: true }));
      assert.deepEqual([Version, asked], [2, 2]);
    } finally {
      hasty.closeAllConnections();
      hasty.close();
    }
  });

  it("ask for a role within the same limits", async () => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    try {
      const assumeRole = { roleArn: "arn:aws:iam::123456789012:role/deployer" };
      const { settings } = new AwsClients({ region: "eu-west-1", endpoint, assumeRole });
      settings.requestHandler.requestTimeout = 20;
      await assert.rejects(settings.credentials!(), { name: "TimeoutError" });
    } finally {
      process.env = before;
    }
  });
});
