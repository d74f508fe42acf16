import "./command-package";
import { Command } from "@pulumi/command/remote/command";
import type { Cluster } from "../../sdk/mithril/cluster";
import { SshAccess } from "../../sdk/mithril/ssh-access";
import * as pulumi from "../../sdk/pulumi";
import type { MithrilClusterArgs } from "./args";
import { reachableKubeconfig } from "./kubeconfig";

export interface KubeconfigPlace extends Pick<
  MithrilClusterArgs,
  "sshPort" | "sshPrivateKey" | "sshPublicKey" | "hostKey"
> {
  clusterName: string;
  cluster: Cluster;
}

/** Read from the control plane over SSH, once for each cluster. Secret. */
export function clusterKubeconfig(
  name: string,
  { clusterName, cluster, sshPort: port, sshPrivateKey, sshPublicKey: publicKey, hostKey }: KubeconfigPlace,
  child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const privateKey = pulumi.secret(sshPrivateKey);
  const host = cluster.kubeHost;
  const access = new SshAccess(
    `${name}-ssh-access`,
    { clusterId: cluster.id, host, port, privateKey, publicKey, hostKey },
    child,
  );
  const file = new Command(
    `${name}-kubeconfig`,
    {
      connection: { host, port: port ?? 22, user: "ubuntu", privateKey, hostKey: access.hostKey },
      create: "cat ~/.kube/config",
      triggers: [cluster.id],
      // It prints credentials: not into the log, and not into the environment of a later run.
      logging: "none",
      addPreviousOutputInEnv: false,
    },
    { ...child, additionalSecretOutputs: ["stdout", "stderr"] },
  );
  return pulumi.secret(
    pulumi.all([file.stdout, host]).apply(([text, host]) => reachableKubeconfig(text, { clusterName, host })),
  );
}
