/**
 * Control planes on bare metal renew kubeadm's certificates where they are, as those that we boot do. Cluster API would make the machines anew for it, for which one
 * alone needs a second server. Pure.
 */
import { certificatesScript } from "../../bootstrap/control-plane-script";

const path = "/var/lib/gpu-clusters/certificates.sh";
const script = `set -euo pipefail\nput() { install -D -m "$1" /dev/stdin "$2"; }\n${certificatesScript}`;

/** Of `kubeadmConfigSpec.files`. In base64, because cloud-init reads braces as words of its own. */
export const renewalFile = {
  path,
  owner: "root:root",
  permissions: "0700",
  encoding: "base64",
  content: Buffer.from(script, "utf8").toString("base64"),
};

/** Of `kubeadmConfigSpec.postKubeadmCommands`. */
export const renewalCommand = `bash ${path}`;
