import * as pulumi from "../../sdk/pulumi";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import type { Ec2ControlPlaneKeys } from "../../bootstrap/ec2";
import type { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import type { Tags } from "./tags";

export interface ClusterSecrets {
  /** Read by the control plane at its first boot. */
  keys: Parameter;
  /** Written by the control plane, read by nodes when they join. */
  join: Parameter;
  /** The administrator's certificate as an ExecCredential, read by `kubeconfigExec`. */
  admin: Parameter;
}

/** What machines and administrators get from SSM, encrypted, in the place of user data and of files. Standard parameters are free of charge. */
export function clusterSecrets(
  name: string,
  { base, certificates, tags }: { base: string; certificates: ClusterCertificates; tags: Tags },
  child: pulumi.CustomResourceOptions,
): ClusterSecrets {
  const parameter = (part: string, value: pulumi.Input<string>, options?: pulumi.CustomResourceOptions) =>
    new Parameter(
      `${name}-${part}`,
      { name: `/gpu-clusters/${base}/${part}`, type: "SecureString", value: pulumi.secret(value), tags },
      { ...child, ...options },
    );
  return {
    keys: parameter("control-plane-keys", controlPlaneKeys(certificates)),
    // The control plane keeps a token in it that lives for a day: what Pulumi wrote is only its beginning.
    join: parameter("join", "{}", { ignoreChanges: ["value"] }),
    admin: parameter("admin-credential", adminCredential(certificates)),
  };
}

function controlPlaneKeys(certificates: ClusterCertificates): pulumi.Output<string> {
  return pulumi
    .all([
      pulumi.all([certificates.caCertificate, certificates.caPrivateKey]),
      pulumi.all([certificates.frontProxyCaCertificate, certificates.frontProxyCaPrivateKey]),
      pulumi.all([certificates.etcdCaCertificate, certificates.etcdCaPrivateKey]),
      certificates.serviceAccountPrivateKey,
    ])
    .apply(([ca, frontProxyCa, etcdCa, serviceAccountKey]) => {
      const pair = ([certificate, privateKey]: [string, string]) => ({ certificate, privateKey });
      const keys: Ec2ControlPlaneKeys = {
        controlPlane: { ca: pair(ca), frontProxyCa: pair(frontProxyCa), etcdCa: pair(etcdCa), serviceAccountKey },
      };
      return JSON.stringify(keys);
    });
}

/** Reference: Kubernetes, "client-go credential plugins". */
function adminCredential(certificates: ClusterCertificates): pulumi.Output<string> {
  return pulumi
    .all([certificates.adminCertificate, certificates.adminPrivateKey, certificates.adminExpiresAt])
    .apply(([clientCertificateData, clientKeyData, expirationTimestamp]) =>
      JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status: { clientCertificateData, clientKeyData, expirationTimestamp },
      }),
    );
}
