import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { isUnknown, Unknown } from "../../../provider/server/values";
import { issueCertificate } from "../../../provider/kubernetes/certificates";
import {
  clusterCertificates,
  type ClusterCertificatesOutputs,
} from "../../../provider/kubernetes/handlers/cluster-certificates";
import { testContext } from "./context";

const inputs = { clusterName: "train", adminValidityHours: 90 };
const context = testContext();
const { check, create, plan, preview, read, update } = clusterCertificates;

async function made(): Promise<ClusterCertificatesOutputs> {
  return (await create(inputs, context)).outputs;
}

/** The same cluster after most of the certificate's life. */
async function aged(outputs: ClusterCertificatesOutputs, hoursLeft: number): Promise<ClusterCertificatesOutputs> {
  const ca = { certificate: outputs.caCertificate, privateKey: outputs.caPrivateKey };
  const issuedAt = new Date(Date.now() - (90 - hoursLeft) * 3_600_000);
  const request = { commonName: "old", usages: ["client" as const], validForHours: 90 };
  return { ...outputs, adminCertificate: (await issueCertificate(ca, request, issuedAt)).certificate };
}

describe("ClusterCertificates", () => {
  it("makes three authorities, and an administrator that kubeadm gives rights to", async () => {
    const { id, outputs } = await create(inputs, context);
    assert.equal(id, "train");
    const names = [outputs.caCertificate, outputs.frontProxyCaCertificate, outputs.etcdCaCertificate].map(
      (pem) => new X509Certificate(pem).subject,
    );
    assert.deepEqual(names, ["CN=kubernetes", "CN=front-proxy-ca", "CN=etcd-ca"]);
    const admin = new X509Certificate(outputs.adminCertificate);
    assert.equal(admin.subject, "O=kubeadm:cluster-admins\nCN=gpu-clusters-admin");
    assert.ok(admin.checkIssued(new X509Certificate(outputs.caCertificate)));
    assert.equal(new Date(outputs.adminExpiresAt).getTime(), new Date(admin.validTo).getTime());
  });

  it("makes a key for the Secrets in etcd, which stays, and gives none to a cluster from before there was one", async () => {
    const { secretsEncryptionKey, ...older } = await made();
    assert.equal(Buffer.from(secretsEncryptionKey!, "base64").length, 32);
    for (const [outputs, key] of [
      [{ ...older, secretsEncryptionKey }, secretsEncryptionKey],
      [older, undefined],
    ] as const) {
      const state = { inputs, outputs: await aged(outputs, 1) };
      assert.equal(preview!(inputs, state).secretsEncryptionKey, key);
      assert.equal((await update!("train", inputs, state, context)).secretsEncryptionKey, key);
    }
  });

  it("makes none where that key is elsewhere, and takes none away that is there", async () => {
    const elsewhere = { ...inputs, secretsKeyElsewhere: true };
    const { outputs } = await create(elsewhere, context);
    assert.ok(!("secretsEncryptionKey" in outputs));
    const state = { inputs, outputs: await made() };
    assert.deepEqual(plan!(state, elsewhere, ["secretsKeyElsewhere"]), {});
    assert.deepEqual(await update!("train", elsewhere, state, context), state.outputs);
  });

  it("makes it once it is elsewhere no longer: a control plane that is still to be made would have none", async () => {
    const elsewhere = { ...inputs, secretsKeyElsewhere: true };
    const { outputs } = await create(elsewhere, context);
    const state = { inputs: elsewhere, outputs };
    assert.ok(isUnknown(preview!(inputs, state).secretsEncryptionKey));
    assert.deepEqual(preview!(elsewhere, state), outputs);
    const { secretsEncryptionKey, ...kept } = await update!("train", inputs, state, context);
    assert.equal(Buffer.from(secretsEncryptionKey!, "base64").length, 32);
    assert.deepEqual(kept, outputs);
  });

  it("changes nothing while a third of the certificate's life is left", async () => {
    const outputs = await aged(await made(), 31);
    const state = { inputs, outputs };
    assert.deepEqual(plan!(state, inputs, []), {});
    assert.deepEqual(preview!(inputs, state), outputs);
    assert.deepEqual(await update!("train", inputs, state, context), outputs);
    assert.deepEqual(await read("train", state, context), state);
  });

  it("renews the certificate after that, for the same key, and keeps everything else", async () => {
    const outputs = await aged(await made(), 29);
    const state = { inputs, outputs };
    assert.deepEqual(plan!(state, inputs, []), { outputs: ["adminCertificate", "adminExpiresAt"] });
    const { adminCertificate, adminExpiresAt, ...kept } = preview!(inputs, state);
    assert.ok(isUnknown(adminCertificate) && isUnknown(adminExpiresAt));
    const renewed = await update!("train", inputs, state, context);
    for (const [name, value] of Object.entries(kept))
      assert.equal(renewed[name as keyof ClusterCertificatesOutputs], value, name);
    assert.ok(new Date(renewed.adminExpiresAt).getTime() > Date.now() + 89 * 3_600_000);
    assert.deepEqual(plan!({ inputs, outputs: renewed }, inputs, []), {});
  });

  it("issues anew for another life time", async () => {
    const state = { inputs, outputs: await made() };
    const longer = { ...inputs, adminValidityHours: 1000 };
    assert.deepEqual(plan!(state, longer, ["adminValidityHours"]), { outputs: ["adminCertificate", "adminExpiresAt"] });
    assert.ok(isUnknown(preview!(longer, state).adminCertificate));
    assert.ok(isUnknown(preview!({ ...inputs, adminValidityHours: Unknown.value }, state).adminCertificate));
    const updated = await update!("train", longer, state, context);
    assert.ok(new Date(updated.adminExpiresAt).getTime() > Date.now() + 999 * 3_600_000);
    assert.equal(updated.caPrivateKey, state.outputs.caPrivateKey);
  });

  it("names the field that is wrong, and skips what is unknown", async () => {
    assert.deepEqual(await check!({ clusterName: "", adminValidityHours: 1 }, context), [
      { property: "clusterName", reason: "must not be empty" },
      { property: "adminValidityHours", reason: "must be from 3 to 87600 whole hours, is 1" },
    ]);
    assert.deepEqual(await check!({ clusterName: Unknown.value, adminValidityHours: Unknown.value }, context), []);
    await assert.rejects(async () => read("train", undefined, context), /cannot be imported/);
  });
});
