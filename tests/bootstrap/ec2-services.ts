/** An instance's metadata service (version 2) and SSM, which checks signatures with AWS's own library. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignatureV4 } from "@smithy/signature-v4";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/example", sessionToken: "session+token" };

const standing: Record<string, string> = {
  "placement/region": "us-west-2",
  "placement/availability-zone": "us-west-2b",
  "services/domain": "amazonaws.com",
  "instance-life-cycle": "on-demand",
  "instance-id": "i-0123456789abcdef0",
  mac: "0a:00:00:00:00:01",
  "network/interfaces/macs/0a:00:00:00:00:01/vpc-id": "vpc-1",
  "local-hostname": "ip-10-0-64-9.us-west-2.compute.internal",
  "iam/security-credentials/": "train-node-role",
  "iam/security-credentials/train-node-role": JSON.stringify({
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
  }),
};

/** As AWS's signer wants a hash. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

export class Ec2Services {
  readonly metadata: Record<string, string> = { ...standing };
  /** Values of the parameters by name. */
  readonly parameters = new Map<string, string>();
  /** Values that take the place of the first ones once those have been read. */
  readonly afterwards = new Map<string, string>();
  /** EC2's answer to the filters of a DescribeInstances. */
  instances: (filters: Record<string, string>) => string = () => "";
  /** What was asked of SSM, with the answer's status. */
  readonly requests: string[] = [];
  /** Answers of the next requests to SSM, in the place of the right ones; undefined for a right one. */
  failures: (number | undefined)[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then(([status, body]) => response.writeHead(status).end(body));
  });

  async start(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      AWS_ENDPOINT_URL_SSM: url,
      AWS_ENDPOINT_URL_EC2: url,
      EC2_ATTEMPTS: "3",
      EC2_PAUSE: "0.01",
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<[number, string]> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const path = request.url ?? "";
    if (path === "/latest/api/token") return request.method === "PUT" ? [200, "metadata-token"] : [405, ""];
    if (path.startsWith("/latest/meta-data/")) {
      if (request.headers["x-aws-ec2-metadata-token"] !== "metadata-token") return [401, ""];
      const value = this.metadata[path.slice("/latest/meta-data/".length)];
      return value === undefined ? [404, ""] : [200, value];
    }
    if (request.headers["x-amz-target"] === undefined) return this.#ec2(request, body);
    const action = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
    const answer = await this.#ssm(action, request, body);
    this.requests.push(`${action} ${answer[0]}`);
    return answer;
  }

  async #ec2(request: IncomingMessage, body: string): Promise<[number, string]> {
    if ((await this.#signature(request, body, "ec2")) !== request.headers.authorization) return [403, ""];
    const form = new URLSearchParams(body);
    assert.deepEqual([form.get("Action"), form.get("Version")], ["DescribeInstances", "2016-11-15"]);
    const names = [...form.keys()].filter((key) => key.endsWith(".Name"));
    const values = (key: string) => [...form].filter(([each]) => each.startsWith(key.replace(/Name$/, "Value.")));
    const filters = names.map((key) => [
      form.get(key)!,
      values(key)
        .map(([, value]) => value)
        .join(),
    ]);
    return [200, this.instances(Object.fromEntries(filters) as Record<string, string>)];
  }

  async #ssm(action: string, request: IncomingMessage, body: string): Promise<[number, string]> {
    const failure = this.failures.shift();
    if (failure !== undefined) return [failure, '{"__type":"AccessDeniedException"}'];
    if ((await this.#signature(request, body)) !== request.headers.authorization) {
      return [403, '{"__type":"InvalidSignatureException"}'];
    }
    const { Name, Value } = JSON.parse(body) as { Name: string; Value?: string };
    if (action === "PutParameter") {
      this.parameters.set(Name, Value!);
      return [200, '{"Version":2}'];
    }
    const found = this.parameters.get(Name);
    if (found === undefined) return [400, '{"__type":"ParameterNotFound"}'];
    this.parameters.set(Name, this.afterwards.get(Name) ?? found);
    return [200, JSON.stringify({ Parameter: { Name, Value: found } })];
  }

  async #signature(request: IncomingMessage, body: string, service = "ssm"): Promise<string | undefined> {
    const { host, "x-amz-date": date = "", "content-type": type, "x-amz-target": target } = request.headers;
    const signer = new SignatureV4({
      service,
      region: this.metadata["placement/region"]!,
      credentials,
      sha256: Sha256,
      applyChecksum: false,
    });
    const time = String(date).replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
    const own: Record<string, string> = target === undefined ? {} : { "x-amz-target": String(target) };
    const headers = { host: String(host), "content-type": String(type), ...own };
    const unsigned = { method: "POST", protocol: "https:", hostname: String(host), path: "/", headers, body };
    const signed = await signer.sign(unsigned, { signingDate: new Date(time) });
    return signed.headers["authorization"];
  }
}
