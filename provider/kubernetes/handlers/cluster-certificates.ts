import type { Unwrap } from "../../../sdk/pulumi";
import type { ResourceHandler, ResourceState, UnknowableProperties } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import {
  makeAdministrator,
  makeClusterKeys,
  makeEncryptionKey,
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

/**
 * It is no longer elsewhere. A control plane that runs takes no other, and one that is still to be made would write Secrets in plain text. Clusters
 * from before there was a key have said nothing of it.
 */
function secretsKeyComes(
  { secretsKeyElsewhere }: UnknowableProperties<ClusterCertificatesInputs>,
  { inputs, outputs }: ResourceState<ClusterCertificatesInputs, ClusterCertificatesOutputs>,
): boolean {
  return inputs.secretsKeyElsewhere === true && !secretsKeyElsewhere && outputs.secretsEncryptionKey === undefined;
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
    const outputs = {
      ...state.outputs,
      ...(secretsKeyComes(inputs, state) && { secretsEncryptionKey: Unknown.value }),
    };
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

  async update(_id, inputs, state) {
    const { inputs: before } = state;
    const comes = secretsKeyComes(inputs, state);
    const outputs = { ...state.outputs, ...(comes && { secretsEncryptionKey: makeEncryptionKey() }) };
    if (!mustRenew(outputs, inputs.adminValidityHours !== before.adminValidityHours)) return outputs;
    const ca = { certificate: outputs.caCertificate, privateKey: outputs.caPrivateKey };
    return { ...outputs, ...(await renewAdministrator({ ca }, outputs, inputs.adminValidityHours)) };
  },

  makesNothing: true,

  async delete() {
    // The keys leave with the state.
  },
};
