import assert from "node:assert/strict";
import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import {
  certificateValidity,
  issueCertificate,
  makeAuthority,
  makePrivateKey,
  publicKeyOf,
  reissueCertificate,
} from "../../../provider/kubernetes/certificates";
import { authorityHash } from "../../../sdk/kubernetes/authority-hash";

const now = new Date("2026-03-01T12:00:00Z");

describe("certificates", () => {
  it("makes an authority for ten years, named as kubeadm's", async () => {
    const authority = await makeAuthority("etcd-ca", now);
    const certificate = new X509Certificate(authority.certificate);
    assert.equal(certificate.subject, "CN=etcd-ca");
    assert.ok(certificate.ca && certificate.verify(createPublicKey(authority.privateKey)));
    const { notBefore, notAfter } = certificateValidity(authority.certificate);
    assert.equal(notBefore.toISOString(), "2026-02-28T12:00:00.000Z");
    assert.equal(notAfter.toISOString(), "2036-03-01T12:00:00.000Z");
    assert.deepEqual(certificate.publicKey.asymmetricKeyDetails, { namedCurve: "prime256v1" });
  });

  it("issues for names, addresses, groups and usages", async () => {
    const authority = await makeAuthority("kubernetes", now);
    const issued = await issueCertificate(
      authority,
      {
        commonName: "someone",
        organizations: ["one", "two"],
        dnsNames: ["kubernetes"],
        ipAddresses: ["10.0.0.1", "fd00::1"],
        usages: ["server", "client"],
        validForHours: 24,
      },
      now,
    );
    const certificate = new X509Certificate(issued.certificate);
    assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
    assert.ok(certificate.verify(createPublicKey(authority.certificate)));
    assert.equal(certificate.subject, "O=one\nO=two\nCN=someone");
    assert.equal(certificate.subjectAltName, "DNS:kubernetes, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1");
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.ok(!certificate.ca);
    assert.equal(publicKeyOf(issued.privateKey), publicKeyOf(issued.certificate));
    const { notBefore, notAfter } = certificateValidity(issued.certificate);
    assert.equal(notBefore.toISOString(), "2026-03-01T11:00:00.000Z", "for machines whose clocks lag");
    assert.equal(notAfter.toISOString(), "2026-03-02T12:00:00.000Z");
  });

  it("never issues beyond the authority's own end, and keeps a key that is given", async () => {
    const authority = await makeAuthority("kubernetes", now);
    const key = await makePrivateKey();
    const certificate = await reissueCertificate(
      authority,
      key,
      { commonName: "x", usages: ["client"], validForHours: 24 * 365 * 20 },
      now,
    );
    assert.deepEqual(certificateValidity(certificate).notAfter, certificateValidity(authority.certificate).notAfter);
    assert.equal(publicKeyOf(certificate), publicKeyOf(key));
  });

  it("hashes an authority's public key as kubeadm does", async () => {
    const { certificate } = await makeAuthority("kubernetes");
    const der = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
    assert.equal(authorityHash(certificate), `sha256:${createHash("sha256").update(der).digest("hex")}`);
  });

  it("gives serial numbers that are positive and do not repeat", async () => {
    const authority = await makeAuthority("kubernetes");
    const certificates = await Promise.all(
      Array.from({ length: 20 }, () =>
        issueCertificate(authority, { commonName: "x", usages: ["client"], validForHours: 1 }),
      ),
    );
    const serials = certificates.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
    assert.equal(new Set(serials).size, 20);
    for (const serial of serials) assert.match(serial, /^4[0-9A-F]{31}$/);
  });
});
