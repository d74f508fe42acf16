import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { authorityHash } from "../../sdk/kubernetes/authority-hash";
import { GeneratedKey } from "../../sdk/kubernetes/generated-key";
import { certificatesIn } from "../../sdk/kubernetes/pem";
import { isTimestamp } from "../../sdk/timestamp";
import * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";
import { Problems, ProgramFailure } from "../errors";
import { checkCluster } from "../handles";
import { known } from "../inputs";
import { bySchema, heldArgs } from "../schema-check";
import { ofAllThere } from "../left-out";

export interface JoinTokenArgs {
  /** A tenant's cluster, by vCluster with private nodes. */
  cluster: KubernetesCluster;
  /** When the token ends: `2026-12-31T00:00:00Z`. Default: with this resource. */
  expiration?: pulumi.Input<string>;
}

/**
 * Lets machines of your own join a tenant's cluster: a bootstrap token in it, and the script that a machine runs as root, once, for example as cloud-init's
 * user data. The machine trusts the cluster's own authority and nobody else, before it runs anything that it was sent. vCluster's installer then brings
 * containerd and the kubelet: Ubuntu 22.04 or 24.04, RHEL, Rocky or CentOS Stream, with systemd, curl and a way to the cluster's endpoint.
 *
 * Deleting it revokes the token; machines that have joined stay, until `vcluster node delete`. Whoever has the script can join a machine. Cost: none.
 *
 * @example
 * const join = new JoinToken("own-machines", { cluster: tenant });
 * export const userData = join.script;
 */
export class JoinToken extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:vmetal:JoinToken";

  /** Of a POSIX shell, for root. Secret. */
  public readonly script: pulumi.Output<string>;
  /** In its place, for a machine that has containerd, kubelet and kubeadm: a `kubeadm join` that pins the authority. Secret. */
  public readonly kubeadmCommand: pulumi.Output<string>;

  constructor(name: string, given: JoinTokenArgs, options?: pulumi.ComponentResourceOptions) {
    checkJoinToken(given).raise("JoinToken");
    const args = heldArgs(JoinToken.__pulumiType, given);
    const { cluster, expiration } = args;
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(JoinToken.__pulumiType, name, { ...args, cluster: cluster.clusterName }, options);
    const end = known(expiration);
    // Kubernetes deletes it then, and again whenever a refresh and `up` have made it anew.
    if (end !== undefined && Date.parse(end) <= Date.now())
      void pulumi.log.warn(
        `expiration: ${end} has passed, so that no machine joins by this token: name a later time, or take it out of the program`,
        this,
      );
    const key = new GeneratedKey(`${name}-key`, {}, { parent: this });
    const token = pulumi.secret(ofAllThere([key.hex], tokenOf));
    const secret = new Secret(
      `${name}-secret`,
      {
        metadata: {
          name: pulumi.unsecret(ofAllThere([token], ({ id }) => `bootstrap-token-${id}`)),
          namespace: "kube-system",
          labels: { "vcluster.loft.sh/token": "true", "vcluster.loft.sh/token-node-type": "worker" },
        },
        type: "bootstrap.kubernetes.io/token",
        stringData: pulumi.secret({
          "token-id": token.id,
          "token-secret": token.secret,
          "usage-bootstrap-signing": "true",
          "usage-bootstrap-authentication": "true",
          "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
          ...(expiration !== undefined && { expiration }),
        }),
      },
      { parent: this, provider: cluster.kubeProvider },
    );
    // Nobody has them before the token is there.
    const withToken = (make: typeof scriptOf) =>
      pulumi.secret(
        ofAllThere(
          [token, cluster.endpoint, cluster.certificateAuthority, secret.id],
          ({ id, secret: half }, endpoint, authority) => make(`${id}.${half}`, endpoint, authority),
        ),
      );
    this.script = withToken(scriptOf);
    this.kubeadmCommand = withToken(commandOf);
    this.registerOutputs({ script: this.script, kubeadmCommand: this.kubeadmCommand });
  }
}

export function checkJoinToken(given: JoinTokenArgs): Problems {
  const problems = new Problems();
  const { cluster, expiration } = bySchema(JoinToken.__pulumiType, given, problems);
  checkCluster("cluster", cluster, problems);
  const end = known(expiration);
  if (end !== undefined && !isTimestamp(end))
    problems.add("expiration", `"${end}" must be a time of RFC 3339, such as 2026-12-31T00:00:00Z`);
  return problems;
}

/** As Kubernetes takes them: six characters, which are no secret, and sixteen, of `a` to `z` and digits. */
export function tokenOf(hex: string): { id: string; secret: string } {
  // 22 digits of base 36 are a few more than 113 bits; what is above them does no harm.
  const digits = BigInt(`0x${hex}`).toString(36).padStart(22, "0").slice(-22);
  return { id: digits.slice(0, 6), secret: digits.slice(6) };
}

/** Fetches vCluster's installer by the cluster's own authority, and runs it once it is there whole. */
export function scriptOf(token: string, endpoint: string, authority: string): string {
  const certificates = certificatesIn(authority);
  if (certificates === "") throw new ProgramFailure("the cluster's authority is no certificate in PEM");
  return `#!/bin/sh
set -eu
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/ca.crt" <<'PEM'
${certificates}
PEM
# A command line would show the token to everybody on the machine.
cat > "$folder/request" <<'REQUEST'
url = "${endpoint}/node/join?token=${token}"
REQUEST
curl --fail --silent --show-error --proto =https --connect-timeout 30 --speed-time 60 --retry 10 --retry-connrefused \\
  --cacert "$folder/ca.crt" --config "$folder/request" --output "$folder/join.sh"
sh "$folder/join.sh"
`;
}

function commandOf(token: string, endpoint: string, authority: string): string {
  const { hostname, port } = new URL(endpoint);
  // Without a port kubeadm takes its own, 6443.
  return `kubeadm join ${hostname}:${port || 443} --token ${token} --discovery-token-ca-cert-hash ${authorityHash(authority)}`;
}
