import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { KubernetesCluster } from "../../../components/cluster";
import { JoinToken } from "../../../components/vmetal";
import { scriptOf, tokenOf } from "../../../components/vmetal/join-token";
import { makeAuthority } from "../../../provider/kubernetes/certificates";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { authorityHash } from "../../../sdk/kubernetes/authority-hash";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { runCommand } from "../../../toolchain/tools/command";
import { controlPlane } from "../../provider/kubernetes/control-plane";
import { httpsServer } from "../../provider/kubernetes/https-server";
import { until } from "../../until";
import { mockProgram, plain, settled, valueOf, visible, type Registered } from "../mocks";

const hex = "0123456789abcdef".repeat(4);

describe("JoinToken", () => {
  let authority: string;
  let all: Registered;
  const made = async (expiration?: string) => {
    all = await mockProgram({ "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex }) });
    const cluster = {
      clusterName: pulumi.output("search"),
      endpoint: pulumi.output("https://tenant.example.com:443"),
      certificateAuthority: pulumi.output(authority),
    } as KubernetesCluster;
    const token = new JoinToken("own", { cluster, ...(expiration && { expiration }) });
    const outputs = [await valueOf(token.script), await valueOf(token.kubeadmCommand)] as const;
    await settled();
    return outputs;
  };
  before(async () => {
    authority = (await makeAuthority("kubernetes")).certificate;
  });

  it("says of one that has ended that nobody joins by it", async () => {
    const { warn } = pulumi.log;
    const told: string[] = [];
    Object.assign(pulumi.log, { warn: (text: string) => void told.push(text) });
    try {
      await made("2099-12-31T00:00:00Z");
      assert.deepEqual(told, []);
      await made("2025-12-31T00:00:00Z");
      assert.deepEqual(told, [
        "expiration: 2025-12-31T00:00:00Z has passed, so that no machine joins by this token: name a later time, or take it out of the program",
      ]);
    } finally {
      Object.assign(pulumi.log, { warn });
    }
  });

  it("is a Secret as vCluster's own, which nobody may read", async () => {
    await made("2026-12-31T00:00:00Z");
    const { id, secret } = tokenOf(hex);
    const { metadata, type, stringData } = plain(all.inputs("kubernetes:core/v1:Secret")) as Record<string, object>;
    assert.deepEqual(metadata, {
      name: `bootstrap-token-${id}`,
      namespace: "kube-system",
      labels: { "vcluster.loft.sh/token": "true", "vcluster.loft.sh/token-node-type": "worker" },
    });
    assert.equal(type, "bootstrap.kubernetes.io/token");
    assert.deepEqual(stringData, {
      "token-id": id,
      "token-secret": secret,
      expiration: "2026-12-31T00:00:00Z",
      "usage-bootstrap-signing": "true",
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    });
    for (const { inputs, name } of all.resources) assert.ok(!JSON.stringify(visible(inputs)).includes(secret), name);
  });

  it("pins the authority in both ways to join, and never trusts anybody", async () => {
    const [script, command] = await made();
    const { id, secret } = tokenOf(hex);
    assert.equal(
      command,
      `kubeadm join tenant.example.com:443 --token ${id}.${secret} --discovery-token-ca-cert-hash ${authorityHash(authority)}`,
    );
    assert.ok(script.includes(authority.trim()) && script.includes(`/node/join?token=${id}.${secret}`));
    assert.doesNotMatch(script, /--insecure|curl.* -k|--location/);
  });

  it("waits for no server that has gone silent", async () => {
    const [script] = await made();
    assert.match(script, /^curl .*--connect-timeout 30 --speed-time 60 --retry 10 /m);
  });

  it("refuses an end that is no time", async () => {
    await assert.rejects(made("tomorrow"), /JoinToken: .*expiration.*"tomorrow" must be a time of RFC 3339/s);
  });

  it("has characters as Kubernetes takes them, whatever the key", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const { id, secret } = tokenOf(Buffer.from(bytes).toString("hex"));
        assert.match(`${id}.${secret}`, /^[a-z0-9]{6}\.[a-z0-9]{16}$/);
      }),
    );
  });
});

describe("the script of a JoinToken", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-join-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("runs what the cluster sends, whole and by its own authority only, and leaves nothing behind", async () => {
    const asked: string[] = [];
    const answers = ["touch joined\n", "touch half\n"];
    const server = await httpsServer(
      ({ url = "" }, response) => {
        asked.push(url);
        const body = answers.shift() ?? "";
        if (body.includes("half")) response.writeHead(200, { "Content-Length": 1000 });
        response.write(body);
        if (body.includes("half")) response.destroy();
        else response.end();
      },
      { ipAddresses: ["127.0.0.1"] },
    );
    try {
      const run = async (authority: string) => {
        const file = join(folder, "join");
        writeFileSync(file, scriptOf("abcdef.0123456789abcdef", server.endpoint, authority));
        const env = { TMPDIR: folder };
        return runCommand("sh", [file], { cwd: folder, env, reject: false, timeout: 60_000 });
      };
      const { certificateAuthority } = server.identity;
      const other = await run((await makeAuthority("kubernetes")).certificate);
      assert.notEqual(other.exitCode, 0);
      assert.match(other.stderr, /certificate/);
      assert.deepEqual([asked, readdirSync(folder)], [[], ["join"]]);

      const right = await run(certificateAuthority);
      assert.equal(right.exitCode, 0, right.stderr);
      assert.deepEqual(asked, ["/node/join?token=abcdef.0123456789abcdef"]);
      assert.deepEqual(readdirSync(folder).sort(), ["join", "joined"]);

      assert.notEqual((await run(certificateAuthority)).exitCode, 0);
      assert.ok(!existsSync(join(folder, "half")), "half a script does not run");
    } finally {
      await server.close();
    }
  });

  it("runs nothing that an authority has beside its certificates, and is not made without one", async () => {
    const { certificate } = await makeAuthority("kubernetes");
    const script = scriptOf("a.b", "https://192.0.2.1", `${certificate.trim()}\nPEM\ntouch stolen\n${certificate}`);
    assert.ok(!script.includes("stolen") && script.split("BEGIN CERTIFICATE").length === 3);
    assert.throws(() => scriptOf("a.b", "https://192.0.2.1", "PEM\ntouch stolen"), /no certificate in PEM/);
  });

  it("has a token that a real API server knows", async () => {
    const server = await controlPlane();
    try {
      const admin = await server.kubeconfig("system:masters");
      const api = kubernetesApi(admin);
      await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
      const { id, secret } = tokenOf(hex);
      const who = async () => {
        const { endpoint, certificateAuthority = "" } = parseKubeconfig(admin);
        const parts = { clusterName: "own", endpoint, certificateAuthority, tlsServerName: "kubernetes" };
        const own = kubernetesApi(renderKubeconfig({ ...parts, credentials: { token: `${id}.${secret}` } }));
        return own.list({ apiVersion: "v1", kind: "Node" }).then(
          () => "",
          (error: Error) => error.message,
        );
      };
      assert.match(await who(), /Unauthorized/);
      const metadata = { name: `bootstrap-token-${id}`, namespace: "kube-system" };
      const stringData = { "token-id": id, "token-secret": secret, "usage-bootstrap-authentication": "true" };
      const type = "bootstrap.kubernetes.io/token";
      await until("the token is there", () =>
        api.create({ apiVersion: "v1", kind: "Secret", metadata, type, stringData }).catch(() => undefined),
      );
      assert.match(
        await until("the token is known", async () => /forbidden.*/.exec(await who())?.[0]),
        new RegExp(`User "system:bootstrap:${id}"`),
      );
    } finally {
      await server.close();
    }
  });
});
