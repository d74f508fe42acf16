import assert from "node:assert/strict";
import { createECDH, createPrivateKey } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { placeholders, type NodeDocument } from "../../bootstrap/document";
import { scriptModule } from "../../bootstrap/generate";
import {
  maximumScriptBytes,
  nodeDocumentFromScript,
  renderBootstrapScript,
  renderVaultScripts,
} from "../../bootstrap/script";
import { longestPublicKey } from "../../components/cudo/validate";
import {
  controlPlane,
  encryptedControlPlane,
  encryptedWorker,
  filled,
  gpuWorker,
  lustreWorker,
  worker,
} from "./documents";
import { assertGolden, unpacked } from "./golden";
import { shellcheck } from "./shellcheck";

const documents = {
  "control-plane": controlPlane,
  worker,
  "gpu-worker": gpuWorker,
  "encrypted-worker": encryptedWorker,
  "lustre-worker": lustreWorker,
};
const cudo = { delivery: "cudo-start-script" } as const;
const ec2 = { delivery: "ec2-user-data" } as const;

/** Bytes for what is yet to come into start scripts, in the longest one. */
const roomForMore = 2200;

const name = fc.string({ minLength: 1 });
const plain = { noNullPrototype: true };
const anyTaint = fc.record({ key: name, effect: fc.constantFrom("NoSchedule" as const, "NoExecute" as const) }, plain);
const anyDocument: fc.Arbitrary<NodeDocument> = fc.record(
  {
    version: fc.constant(1 as const),
    clusterName: fc.string({ unit: "binary" }),
    role: fc.constantFrom("control-plane" as const, "worker" as const),
    nodeGroup: name,
    nodeName: fc.constantFrom("node-1", placeholders.nodeName),
    providerId: fc.constantFrom("cudo://p/node-1", placeholders.providerId),
    kubernetesVersion: fc.constant("1.36.3"),
    certificateAuthority: fc.constantFrom(worker.certificateAuthority, "# END NODE DOCUMENT\n", "'$(reboot)`\\"),
    labels: fc.dictionary(name, fc.string(), { ...plain, maxKeys: 5 }),
    taints: fc.array(anyTaint, { maxLength: 5 }),
    bootstrapToken: fc.constant(placeholders.bootstrapToken),
  },
  plain,
);
const anyKey = fc.oneof(
  fc.constantFrom("", "no key", controlPlane.controlPlane!.ca.certificate),
  fc.bigInt({ min: 1n, max: 1n << 255n }).map(privateKey),
);
const anyCertificate = fc.oneof(
  fc.constantFrom("", "no certificate", worker.certificateAuthority, `${worker.certificateAuthority}\n`),
  fc.constant(controlPlane.controlPlane!.etcdCa.certificate),
);
const anyPair = fc.record({ certificate: anyCertificate, privateKey: anyKey }, plain);
const anyControlPlane: fc.Arbitrary<NodeDocument> = fc
  .record(
    { ca: anyPair, frontProxyCa: anyPair, etcdCa: anyPair, serviceAccountKey: anyKey, all: anyCertificate },
    plain,
  )
  .map(({ all, ...keys }) => ({
    ...controlPlane,
    certificateAuthority: all,
    controlPlane: { ...controlPlane.controlPlane!, ...keys },
  }));

/** As the plugin writes it. */
function privateKey(number: bigint): string {
  const bytes = Buffer.from(number.toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(bytes);
  const [d, point] = [bytes.toString("base64url"), ecdh.getPublicKey()];
  const jwk = { kty: "EC", crv: "P-256", d, x: point.toString("base64url", 1, 33), y: point.toString("base64url", 33) };
  return createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" }).toString();
}

describe("renderBootstrapScript", () => {
  for (const [file, document] of Object.entries(documents)) {
    it(`gives the script in golden/${file}.sh`, () => assertGolden(file, renderBootstrapScript(document, cudo)));
  }

  it("fits into what a cloud takes, for each role, also with the longest keys", () => {
    const key = `ssh-rsa ${"A".repeat(longestPublicKey - 8)}`;
    for (const document of Object.values(documents)) {
      const plain = Buffer.byteLength(filled(renderBootstrapScript({ ...document, authorizedKeys: [key] }, cudo)));
      const room = document.diskEncryption === undefined ? roomForMore : 512;
      assert.ok(plain < maximumScriptBytes - room, `${document.role}: ${plain}`);
      assert.ok(Buffer.from(renderBootstrapScript(document, ec2), "base64").length < maximumScriptBytes * 0.75);
    }
  });

  it("leaves a cloud no key of a cluster whose control plane has an encrypted disk, and room in both scripts", () => {
    const authorizedKeys = [`ssh-rsa ${"A".repeat(longestPublicKey - 8)}`];
    const { startScript, vaultScript } = renderVaultScripts({ ...encryptedControlPlane, authorizedKeys });
    for (const script of [startScript, vaultScript])
      assert.ok(Buffer.byteLength(filled(script)) < maximumScriptBytes - 2048, String(Buffer.byteLength(script)));
    assert.equal(vaultScript, renderBootstrapScript({ ...controlPlane, authorizedKeys }, cudo));
    const open: NodeDocument = { ...encryptedControlPlane, authorizedKeys };
    open.diskEncryption = { ...encryptedControlPlane.diskEncryption, start: true };
    delete open.controlPlane;
    assert.deepEqual(nodeDocumentFromScript(startScript), open);
    assertGolden("encrypted-control-plane", renderVaultScripts(encryptedControlPlane).startScript);
  });

  it("refuses what a cloud would not take, and says what to do", () => {
    const labels = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`example.com/label-${index}`, "x".repeat(20)]),
    );
    assert.throws(
      () => renderBootstrapScript({ ...worker, labels }, cudo),
      /has \d+ bytes, and a machine takes 16384: give it fewer labels/,
    );
  });

  it("is undone by nodeDocumentFromScript, whatever the document says", () => {
    fc.assert(
      fc.property(fc.oneof(anyDocument, anyControlPlane), fc.constantFrom(cudo, ec2), (document, options) => {
        assert.deepEqual(nodeDocumentFromScript(renderBootstrapScript(document, options)), document);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps placeholders as plain text, so that filling the script fills the document", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9./:-]{1,60}$/), (value) => {
        const script = renderBootstrapScript(worker, cudo).replaceAll(placeholders.providerId, value);
        assert.deepEqual(nodeDocumentFromScript(script), { ...worker, providerId: value });
      }),
    );
  });

  it("is bash that prints the document, whatever the document says", () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const [head] = renderBootstrapScript(document, cudo).split("\ncommands=$(base64 -d");
        const printed = execFileSync("bash", ["-c", `${head}\ndocument`], { encoding: "utf8" });
        assert.deepEqual(JSON.parse(printed.slice(printed.indexOf("\n"))), document);
      }),
      { numRuns: 25 },
    );
  });

  it("compresses user data for EC2", () => {
    const userData = renderBootstrapScript(worker, ec2);
    assert.equal(gunzipSync(Buffer.from(userData, "base64")).toString(), unpacked(renderBootstrapScript(worker, cudo)));
  });
});

describe("nodeDocumentFromScript", () => {
  it("finds nothing in other scripts", () => {
    for (const script of ["", "#!/bin/bash\necho hello\n", "touch /root/x", "aGVsbG8=", "H4sI"]) {
      assert.equal(nodeDocumentFromScript(script), undefined);
    }
  });
});

describe("scripts/node.sh", () => {
  for (const module of [
    "node-script.ts",
    "part-scripts.ts",
    "disk-scripts.ts",
    "control-plane-script.ts",
    "ec2-script.ts",
  ] as const) {
    it(`is what ${module} has (npx tsx bootstrap/generate.ts writes it)`, () => {
      assert.equal(readFileSync(join(__dirname, "../../bootstrap", module), "utf8"), scriptModule(module));
    });
  }

  it("passes shellcheck as it is rendered", function () {
    const executable = shellcheck();
    if (executable === undefined) return this.skip();
    for (const document of [controlPlane, { ...gpuWorker, cni: "bridge" as const }, encryptedWorker, lustreWorker]) {
      const script = renderBootstrapScript(document, cudo);
      assert.equal(complaints(executable, script), "");
      assert.equal(complaints(executable, unpacked(script)), "");
    }
  });
});

function complaints(executable: string, script: string): string {
  return spawnSync(executable, ["-"], { input: script, encoding: "utf8" }).stdout;
}
