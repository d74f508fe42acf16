import "./command-package";
import { Command } from "@pulumi/command/remote/command";
import type { Cluster } from "../../sdk/mithril/cluster";
import { endedCredentials, endingCredentials } from "../../sdk/kubernetes/credentials-end";
import { currentEntries } from "../../sdk/kubernetes/kubeconfig";
import { SshAccess } from "../../sdk/mithril/ssh-access";
import { privateKeyIn } from "../../sdk/private-key";
import * as pulumi from "../../sdk/pulumi";
import { ofAllThere } from "../left-out";
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
      connection: { host, port: port ?? 22, user: "ubuntu", privateKey: keyAlone(privateKey), hostKey: access.hostKey },
      create: "cat ~/.kube/config",
      triggers: [cluster.id],
      // It prints credentials: not into the log, and not into the environment of a later run.
      logging: "none",
      addPreviousOutputInEnv: false,
    },
    { ...child, additionalSecretOutputs: ["stdout", "stderr"] },
  );
  return pulumi.secret(
    ofAllThere([file.stdout, host, file.urn], (text, host, urn) => {
      const kubeconfig = reachableKubeconfig(text, { clusterName, host });
      tellEnd(kubeconfig, urn, child.parent);
      return kubeconfig;
    }),
  );
}

/**
 * Pulumi's Command reads what stands first in the text, and that alone: a curve's parameters, a byte order mark. A key that stands first stays as it
 * was given: with another end it would be another connection, by which the Command of a cluster that is there runs again.
 */
function keyAlone(privateKey: pulumi.Output<string>): pulumi.Output<string> {
  return privateKey.apply((text) => {
    const key = privateKeyIn(text);
    return key === undefined || text.startsWith(`-----BEGIN ${key.kind}-----`) ? text : key.text;
  });
}

/** Nobody documents that Mithril renews it; the state has what was read at first. */
function tellEnd(kubeconfig: string, urn: string, resource: pulumi.Resource | undefined): void {
  const { contextName, user } = currentEntries(kubeconfig);
  const end = endedCredentials(user) ?? endingCredentials(user);
  if (end === undefined) return;
  const again = `once it has been renewed on the control plane (~/.kube/config), \`pulumi up --replace '${urn}'\` reads it again`;
  void pulumi.log.warn(`the kubeconfig of "${contextName}": ${end}: ${again}`, resource);
}
