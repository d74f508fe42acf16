/** Documents of EC2 instances, whose secrets are in SSM, and the scripts that are made of them. */
import { gunzipSync } from "node:zlib";
import type { Ec2ControlPlaneKeys, Ec2NodeDocument } from "../../bootstrap/ec2";
import { renderBootstrapScript } from "../../bootstrap/script";
import { controlPlane, gpuWorker } from "./documents";

const { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey, ...rest } = controlPlane.controlPlane!;
export const keys: Ec2ControlPlaneKeys = {
  controlPlane: { ca, frontProxyCa, etcdCa, serviceAccountKey, encryptionKey: encryptionKey! },
};
export const parameters = { keys: "/gpu-clusters/train/control-plane-keys", join: "/gpu-clusters/train/join" };
export const token = "abcdef.0123456789abcdef";

const tokenless = { ...gpuWorker };
delete tokenless.bootstrapToken;
export const documents: Record<string, Ec2NodeDocument> = {
  "ec2-control-plane": {
    ...controlPlane,
    controlPlane: { ...rest, certificateNames: ["kubernetes", "203.0.113.7"] },
    secrets: { source: "aws-ssm", parameter: parameters.keys, joinParameter: parameters.join },
  },
  "ec2-control-plane-member": {
    ...controlPlane,
    endpoint: "https://train-api.elb.example:6443",
    cloudProvider: "external",
    member: "other",
    controlPlane: { ...rest, certificateNames: ["kubernetes", "train-api.elb.example"] },
    secrets: { source: "aws-ssm", parameter: parameters.keys, joinParameter: parameters.join },
  },
  "ec2-worker": { ...tokenless, secrets: { source: "aws-ssm", parameter: parameters.join } },
};

export function scriptOf(name: string): string {
  return scriptFrom(documents[name]!);
}

/** As cloud-init runs it. */
export function scriptFrom(document: Ec2NodeDocument): string {
  const userData = renderBootstrapScript(document, { delivery: "ec2-user-data" });
  return gunzipSync(Buffer.from(userData, "base64")).toString("utf8");
}
