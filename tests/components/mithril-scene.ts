/** Mithril as components see it, under Pulumi's mocks. */
import { stringify } from "yaml";
import type { MithrilClusterArgs, MithrilNodeGroupArgs } from "../../components/mithril/args";
import type { Outputs } from "./mocks";
import { sshPrivateKey } from "./private-key";
import { sshPublicKey } from "./public-key";

export const group: MithrilNodeGroupArgs = {
  name: "gpu",
  instanceType: "h100-80gb.sxm.8x",
  capacity: { spot: { limitPrice: "$20.00" } },
  minSize: 1,
  maxSize: 4,
};

export const args: MithrilClusterArgs = {
  region: "us-central5-a",
  controlPlane: { instanceType: "cpu.4x" },
  sshPublicKey,
  sshPrivateKey,
  nodeGroups: [group],
  fileShares: [{ name: "datasets", sizeGb: 100 }],
};

export const served = stringify({
  clusters: [
    { name: "k", cluster: { server: "https://10.0.0.10:6443", "certificate-authority-data": "Q0EtQ0VSVA==" } },
  ],
  users: [{ name: "u", user: { token: "secret-token" } }],
  contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
  "current-context": "c",
});

export const cloud: Outputs = {
  "gpu-clusters:mithril:Cluster": () => ({ kubeHost: "203.0.113.7", endpoint: "https://203.0.113.7:6443" }),
  "gpu-clusters:mithril:SshAccess": () => ({ hostKey: "ssh-ed25519 HOST" }),
  "gpu-clusters:mithril:NodeGroup": () => ({ size: 2, machines: [], problems: [] }),
  "gpu-clusters:kubernetes:ApiServerReady": () => ({ ready: true, version: "1.34.0" }),
  "gpu-clusters:kubernetes:NodesReady": () => ({ status: "ready" }),
  "command:remote:Command": () => ({ stdout: served, stderr: "" }),
};
