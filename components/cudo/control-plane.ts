import { placeholders } from "../../bootstrap/document";
import { renderBootstrapScript, renderVaultScripts, type VaultScripts } from "../../bootstrap/script";
import { Vm } from "../../sdk/cudo/vm";
import type { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import * as pulumi from "../../sdk/pulumi";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import { oldFirst } from "../anew";
import type { ClusterRanges } from "../cluster-ranges";
import { controlPlaneDocument } from "./documents";
import { controlPlaneProfiles, defaultControlPlaneSize, images } from "./profiles";
import { documentVault } from "./vault";

export interface ControlPlanePlace {
  vmId: string;
  dataCenterId: pulumi.Input<string>;
  machineType: pulumi.Input<string>;
  size: keyof typeof controlPlaneProfiles | undefined;
  networkId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
  clusterName: string;
  ranges: ClusterRanges;
  kubernetesVersion: string;
  certificates: ClusterCertificates;
  authorizedKeys: pulumi.Input<string>[];
  /** Undefined: its disk is not encrypted. */
  vault: MachineVaultArgs | undefined;
}

/** The VM that runs the Kubernetes API and etcd. */
export function controlPlaneMachine(name: string, place: ControlPlanePlace, options: pulumi.CustomResourceOptions): Vm {
  const script = scripts(place);
  return new Vm(
    name,
    {
      vmId: place.vmId,
      dataCenterId: place.dataCenterId,
      machineType: place.machineType,
      ...controlPlaneProfiles[place.size ?? defaultControlPlaneSize],
      image: images.plain,
      nics: [{ networkId: place.networkId, assignPublicIp: true, securityGroupIds: [place.securityGroupId] }],
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      metadata: { "gpu-clusters-cluster": place.clusterName },
      startScript: script.apply(({ startScript }) => startScript!),
      ...(place.vault && {
        vault: place.vault,
        vaultScript: script.apply(({ vaultScript }) => vaultScript!),
      }),
    },
    // The machine has run its script, and etcd lives on its disk: a newer script or image, a smaller size, or a group of another machine type
    // that is now the first, is no reason to make it anew.
    oldFirst({ ...options, ignoreChanges: ["startScript", "vaultScript", "image", "diskSizeGib", "machineType"] }),
  );
}

/**
 * The start script carries the cluster's private keys, because Cudo has no secret store that a VM could read: it is a secret, and Cudo never returns
 * it. With a Vault they are there. None while the cluster's keys are left out (`left-out.ts`).
 */
function scripts(place: ControlPlanePlace): pulumi.Output<Partial<VaultScripts>> {
  const { clusterName, ranges, kubernetesVersion, certificates, authorizedKeys } = place;
  return pulumi.secret(
    pulumi
      .all([
        pulumi.all([certificates.caCertificate, certificates.caPrivateKey]),
        pulumi.all([certificates.frontProxyCaCertificate, certificates.frontProxyCaPrivateKey]),
        pulumi.all([certificates.etcdCaCertificate, certificates.etcdCaPrivateKey]),
        pulumi.all([certificates.serviceAccountPrivateKey, certificates.secretsEncryptionKey]),
        pulumi.all(authorizedKeys),
        documentVault(place.vault),
      ])
      .apply(([ca, frontProxyCa, etcdCa, [serviceAccountKey, encryptionKey], authorizedKeys, vault]) => {
        if ((ca as readonly unknown[]).includes(undefined)) return {};
        const pair = ([certificate, privateKey]: [string, string]) => ({ certificate, privateKey });
        const authorities = { ca: pair(ca), frontProxyCa: pair(frontProxyCa), etcdCa: pair(etcdCa) };
        // Made for the machine, and kept, in its Vault.
        const secretsKey = vault ? placeholders.secretsKey : encryptionKey;
        const keys = {
          ...authorities,
          serviceAccountKey,
          ...(secretsKey !== undefined && { encryptionKey: secretsKey }),
        };
        const document = controlPlaneDocument({
          clusterName,
          kubernetesVersion,
          certificateAuthority: ca[0],
          authorizedKeys,
          vault,
          keys,
          ...ranges,
        });
        const { diskEncryption } = document;
        return diskEncryption
          ? renderVaultScripts({ ...document, diskEncryption })
          : { startScript: renderBootstrapScript(document, { delivery: "cudo-start-script" }) };
      }),
  );
}
