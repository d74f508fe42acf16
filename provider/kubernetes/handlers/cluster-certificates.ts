import type { Unwrap } from "../../../sdk/pulumi";
import type { ResourceHandler } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import {
  makeAdministrator,
  makeClusterKeys,
  mustRenew,
  renewAdministrator,
  validityFailures,
  type Administrator,
} from "../cluster-keys";
import type { ClusterCertificatesArgs } from "../../../sdk/kubernetes/cluster-certificates";

export type ClusterCertificatesInputs = Unwrap<ClusterCertificatesArgs>;

export interface ClusterCertificatesOutputs extends Administrator {
  caCertificate: string;
  caPrivateKey: string;
  frontProxyCaCertificate: string;
  frontProxyCaPrivateKey: string;
  etcdCaCertificate: string;
  etcdCaPrivateKey: string;
  serviceAccountPrivateKey: string;
  secretsEncryptionKey?: string;
}

export const clusterCertificates: ResourceHandler<ClusterCertificatesInputs, ClusterCertificatesOutputs> = {
  check({ clusterName, adminValidityHours }) {
    const failures = validityFailures(adminValidityHours);
    return clusterName === "" ? [{ property: "clusterName", reason: "must not be empty" }, ...failures] : failures;
  },

  plan({ outputs }, _inputs, changed) {
    return mustRenew(outputs, changed.includes("adminValidityHours"))
      ? { outputs: ["adminCertificate", "adminExpiresAt"] }
      : {};
  },

  preview(inputs, state) {
    if (state === undefined) return {};
    const { outputs } = state;
    const differs =
      isUnknown(inputs.adminValidityHours) || inputs.adminValidityHours !== state.inputs.adminValidityHours;
    return mustRenew(outputs, differs)
      ? { ...outputs, adminCertificate: Unknown.value, adminExpiresAt: Unknown.value }
      : outputs;
  },

  async create(inputs) {
    const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey } = await makeClusterKeys();
    return {
      id: inputs.clusterName,
      outputs: {
        caCertificate: ca.certificate,
        caPrivateKey: ca.privateKey,
        frontProxyCaCertificate: frontProxyCa.certificate,
        frontProxyCaPrivateKey: frontProxyCa.privateKey,
        etcdCaCertificate: etcdCa.certificate,
        etcdCaPrivateKey: etcdCa.privateKey,
        serviceAccountPrivateKey: serviceAccountKey,
        ...(!inputs.secretsKeyElsewhere && { secretsEncryptionKey: encryptionKey }),
        ...(await makeAdministrator({ ca }, inputs.adminValidityHours)),
      },
    };
  },

  async read(id, state) {
    if (state === undefined)
      throw new Error(`${id}: the keys of a cluster cannot be imported, they exist only in the state that made them`);
    return state;
  },

  async update(_id, inputs, { inputs: before, outputs }) {
    if (!mustRenew(outputs, inputs.adminValidityHours !== before.adminValidityHours)) return outputs;
    const ca = { certificate: outputs.caCertificate, privateKey: outputs.caPrivateKey };
    return { ...outputs, ...(await renewAdministrator({ ca }, outputs, inputs.adminValidityHours)) };
  },

  async delete() {
    // The keys leave with the state.
  },
};
