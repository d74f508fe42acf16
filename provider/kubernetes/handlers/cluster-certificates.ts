import type { Unwrap } from "../../../sdk/pulumi";
import type { ResourceHandler } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import {
  certificateValidity,
  issueCertificate,
  makeAuthority,
  makePrivateKey,
  reissueCertificate,
  type CertificateRequest,
} from "../certificates";
import type { ClusterCertificatesArgs } from "../../../sdk/kubernetes/cluster-certificates";

export type ClusterCertificatesInputs = Unwrap<ClusterCertificatesArgs>;

export interface ClusterCertificatesOutputs {
  caCertificate: string;
  caPrivateKey: string;
  frontProxyCaCertificate: string;
  frontProxyCaPrivateKey: string;
  etcdCaCertificate: string;
  etcdCaPrivateKey: string;
  serviceAccountPrivateKey: string;
  adminCertificate: string;
  adminPrivateKey: string;
  adminExpiresAt: string;
}

const defaultValidityHours = 2160;
const shortestValidityHours = 3;
const longestValidityHours = 87_600;

export const clusterCertificates: ResourceHandler<ClusterCertificatesInputs, ClusterCertificatesOutputs> = {
  check({ clusterName, adminValidityHours: hours }) {
    const failures = [];
    if (clusterName === "") failures.push({ property: "clusterName", reason: "must not be empty" });
    if (typeof hours === "number" && !(hours >= shortestValidityHours && hours <= longestValidityHours)) {
      const reason = `${hours} is not between ${shortestValidityHours} and ${longestValidityHours} hours`;
      failures.push({ property: "adminValidityHours", reason });
    }
    return failures;
  },

  plan({ outputs }, _inputs, changed) {
    return mustIssue(outputs, changed.includes("adminValidityHours"))
      ? { outputs: ["adminCertificate", "adminExpiresAt"] }
      : {};
  },

  preview(inputs, state) {
    if (state === undefined) return {};
    const { outputs } = state;
    const differs =
      isUnknown(inputs.adminValidityHours) || inputs.adminValidityHours !== state.inputs.adminValidityHours;
    return mustIssue(outputs, differs)
      ? { ...outputs, adminCertificate: Unknown.value, adminExpiresAt: Unknown.value }
      : outputs;
  },

  async create(inputs) {
    const [ca, frontProxyCa, etcdCa, serviceAccountPrivateKey] = await Promise.all([
      makeAuthority("kubernetes"),
      makeAuthority("front-proxy-ca"),
      makeAuthority("etcd-ca"),
      makePrivateKey(),
    ]);
    const admin = await issueCertificate(ca, adminRequest(inputs));
    return {
      id: inputs.clusterName,
      outputs: {
        caCertificate: ca.certificate,
        caPrivateKey: ca.privateKey,
        frontProxyCaCertificate: frontProxyCa.certificate,
        frontProxyCaPrivateKey: frontProxyCa.privateKey,
        etcdCaCertificate: etcdCa.certificate,
        etcdCaPrivateKey: etcdCa.privateKey,
        serviceAccountPrivateKey,
        adminPrivateKey: admin.privateKey,
        ...issued(admin.certificate),
      },
    };
  },

  async read(id, state) {
    if (state === undefined)
      throw new Error(`${id}: the keys of a cluster cannot be imported, they exist only in the state that made them`);
    return state;
  },

  async update(_id, inputs, { inputs: before, outputs }) {
    if (!mustIssue(outputs, inputs.adminValidityHours !== before.adminValidityHours)) return outputs;
    const ca = { certificate: outputs.caCertificate, privateKey: outputs.caPrivateKey };
    return { ...outputs, ...issued(await reissueCertificate(ca, outputs.adminPrivateKey, adminRequest(inputs))) };
  },

  async delete() {
    // The keys leave with the state.
  },
};

function adminRequest({ adminValidityHours }: ClusterCertificatesInputs): CertificateRequest {
  return {
    commonName: "gpu-clusters-admin",
    organizations: ["kubeadm:cluster-admins"],
    usages: ["client"],
    validForHours: adminValidityHours ?? defaultValidityHours,
  };
}

function issued(adminCertificate: string): Pick<ClusterCertificatesOutputs, "adminCertificate" | "adminExpiresAt"> {
  return { adminCertificate, adminExpiresAt: certificateValidity(adminCertificate).notAfter.toISOString() };
}

/** Less than a third of the certificate's life is left, or it is to have another life. */
function mustIssue({ adminCertificate }: ClusterCertificatesOutputs, otherValidity: boolean): boolean {
  if (otherValidity) return true;
  const { notBefore, notAfter } = certificateValidity(adminCertificate);
  return notAfter.getTime() - Date.now() < (notAfter.getTime() - notBefore.getTime()) / 3;
}
