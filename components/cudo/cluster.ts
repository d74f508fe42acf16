import * as pulumi from "../../sdk/pulumi";
import { renderBootstrapScript } from "../../bootstrap/script";
import { cudoId } from "../../sdk/cudo/ids";
import { Network } from "../../sdk/cudo/network";
import { SecurityGroup } from "../../sdk/cudo/security-group";
import { Vm } from "../../sdk/cudo/vm";
import { ApiServerReady } from "../../sdk/kubernetes/api-server-ready";
import { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { NodesReady } from "../../sdk/kubernetes/nodes-ready";
import { installCni } from "../addons/cni";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { known } from "../inputs";
import { KubernetesProvider } from "../kubernetes-provider";
import { defaultKubernetesMinor, resolveKubernetesVersion } from "../versions";
import type { CudoClusterArgs } from "./args";
import { apiServerName, controlPlaneDocument } from "./documents";
import { groupStatus, nodeGroup } from "./node-groups";
import { controlPlaneProfiles, defaultControlPlaneSize, images, subnets } from "./profiles";
import { accessRules } from "./rules";
import { checkCudoClusterArgs } from "./validate";

/**
 * A Kubernetes cluster on Cudo VMs: a network, a security group, one control plane VM set up by kubeadm, and node groups.
 *
 * The kubeconfig is computed from the cluster's own certificate authority: nothing is fetched from the machine, and it changes only when
 * the endpoint or the administrator's certificate does.
 *
 * Cost: the control plane VM and every node are charged by the hour, stopped or not, the network and public addresses too
 * (`getMachineTypes` gives prices).
 *
 * @example
 * const cluster = new CudoCluster("train", {
 *   nodeGroups: [{ name: "gpu", role: "worker", minSize: 1, maxSize: 8, vcpus: 8, memoryGib: 32, diskSizeGib: 100,
 *     dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100", gpus: 1, gpuModel: "V100" }],
 * });
 * export const kubeconfig = cluster.kubeconfig;
 */
export class CudoCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:cudo:CudoCluster";

  /** Name of the cluster; also the kubeconfig's context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:6443` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the administrator's certificate.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** Sizes of the node groups. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every group has its minimum of nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;

  constructor(name: string, args: CudoClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkCudoClusterArgs(name, args).raise("CudoCluster");
    super(CudoCluster.__pulumiType, name, {}, options);
    const child = { parent: this };
    const clusterName = args.clusterName ?? name;
    const physical = (suffix: string) => cudoId(`${args.namePrefix ?? ""}${clusterName}-${suffix}`);
    const groups = args.nodeGroups ?? [];
    const dataCenterId = args.dataCenterId ?? groups[0]!.dataCenterId;
    const version = resolveKubernetesVersion(args.kubernetesVersion ?? defaultKubernetesMinor, args.devMode ?? false)!;

    const certificates = new ClusterCertificates(
      `${name}-certificates`,
      { clusterName, adminValidityHours: args.adminValidityHours },
      child,
    );
    const choices = new LastingChoices(`${name}-choices`, { clusterName, choices: { dataCenterId } }, child);
    const chosen = { ...child, dependsOn: [choices] };
    const network = new Network(
      `${name}-network`,
      { networkId: physical("network"), dataCenterId, ipRange: subnets.network },
      chosen,
    );
    const securityGroup = new SecurityGroup(
      `${name}-security-group`,
      {
        securityGroupId: physical("nodes"),
        dataCenterId,
        description: "Nodes of a Kubernetes cluster",
        rules: accessRules({
          network: subnets.network,
          api: args.apiServerAccessCidrs ?? ["0.0.0.0/0"],
          ssh: args.sshAccessCidrs ?? [],
        }),
      },
      chosen,
    );
    const authorizedKeys = args.sshPublicKey === undefined ? [] : [args.sshPublicKey];

    const controlPlane = new Vm(
      `${name}-control-plane`,
      {
        vmId: physical("control-plane"),
        dataCenterId,
        machineType:
          args.controlPlane?.machineType ??
          (groups.find((group) => !(known(group.gpus) ?? 0)) ?? groups[0]!).machineType,
        ...controlPlaneProfiles[args.controlPlane?.size ?? defaultControlPlaneSize],
        bootDiskImageId: images.plain,
        nics: [
          { networkId: network.networkId, assignPublicIp: true, securityGroupIds: [securityGroup.securityGroupId] },
        ],
        sshKeySource: "SSH_KEY_SOURCE_NONE",
        metadata: { "gpu-clusters-cluster": clusterName },
        startScript: controlPlaneScript(clusterName, version, certificates, authorizedKeys),
      },
      // The machine has run its script, and etcd lives on its disk: a newer script or image, a smaller size, or a group of another machine type
      // that is now the first, is no reason to make it anew.
      { ...chosen, ignoreChanges: ["startScript", "bootDiskImageId", "bootDiskSizeGib", "machineType"] },
    );

    const host = controlPlane.externalIpAddress;
    this.clusterName = pulumi.output(clusterName);
    this.endpoint = pulumi.interpolate`https://${host}:6443`;
    this.certificateAuthority = certificates.caCertificate;
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([this.endpoint, certificates.caCertificate, certificates.adminCertificate, certificates.adminPrivateKey])
        .apply(([endpoint, certificateAuthority, clientCertificate, clientKey]) =>
          renderKubeconfig({
            clusterName,
            endpoint,
            certificateAuthority,
            tlsServerName: apiServerName,
            credentials: { clientCertificate, clientKey },
          }),
        ),
    );

    const apiServer = new ApiServerReady(
      `${name}-api-server`,
      { kubeconfig: this.kubeconfig, sshPrivateKey: args.sshPrivateKey },
      { ...child, dependsOn: [controlPlane] },
    );
    const inCluster = { ...child, dependsOn: [apiServer], deletedWith: controlPlane };
    this.kubeProvider = new KubernetesProvider(`${name}-kubernetes`, this.kubeconfig, {
      ...child,
      dependsOn: [apiServer],
    });
    const cni = args.cni ?? "cilium";
    const networkBetweenPods =
      cni === "none"
        ? []
        : installCni(name, { kind: cni, provider: this.kubeProvider, podSubnet: subnets.pods }, inCluster);

    const nodeGroups = groups.map((group) =>
      nodeGroup(
        `${name}-${group.name}`,
        {
          clusterName,
          namePrefix: args.namePrefix,
          group,
          certificateAuthority: certificates.caCertificate,
          // Nodes follow the version that the control plane runs, whatever the program asks for by now.
          kubernetesVersion: apiServer.version,
          endpoint: pulumi.interpolate`https://${controlPlane.internalIpAddress}:6443`,
          kubeconfig: this.kubeconfig,
          networkId: network.networkId,
          securityGroupId: securityGroup.securityGroupId,
          authorizedKeys,
        },
        { ...child, dependsOn: [apiServer] },
      ),
    );
    const nodes = new NodesReady(
      `${name}-nodes`,
      {
        kubeconfig: this.kubeconfig,
        nodeGroups: groups.map((group) => ({ name: group.name, minSize: group.minSize })),
        condition: cni === "none" ? "Registered" : "Ready",
        sshPrivateKey: args.sshPrivateKey,
        machines:
          args.sshPrivateKey === undefined
            ? undefined
            : pulumi
                .all(nodeGroups.map((group) => group.machines))
                .apply((all) => all.flat().map(({ nodeName, address }) => ({ nodeName, address }))),
      },
      { ...child, dependsOn: [...nodeGroups, ...networkBetweenPods] },
    );

    this.nodeGroups = pulumi.all(groups.map((group, index) => groupStatus(group, nodeGroups[index]!)));
    this.status = nodes.status;
    this.registerOutputs({
      clusterName: this.clusterName,
      endpoint: this.endpoint,
      certificateAuthority: this.certificateAuthority,
      kubeconfig: this.kubeconfig,
      nodeGroups: this.nodeGroups,
      status: this.status,
    });
  }
}

/** Carries the cluster's private keys, because Cudo has no secret store that a VM could read: it is a secret, and Cudo never returns it. */
function controlPlaneScript(
  clusterName: string,
  kubernetesVersion: string,
  certificates: ClusterCertificates,
  authorizedKeys: pulumi.Input<string>[],
): pulumi.Output<string> {
  return pulumi.secret(
    pulumi
      .all([
        pulumi.all([certificates.caCertificate, certificates.caPrivateKey]),
        pulumi.all([certificates.frontProxyCaCertificate, certificates.frontProxyCaPrivateKey]),
        pulumi.all([certificates.etcdCaCertificate, certificates.etcdCaPrivateKey]),
        certificates.serviceAccountPrivateKey,
        pulumi.all(authorizedKeys),
      ])
      .apply(([ca, frontProxyCa, etcdCa, serviceAccountKey, authorizedKeys]) => {
        const pair = ([certificate, privateKey]: [string, string]) => ({ certificate, privateKey });
        const keys = { ca: pair(ca), frontProxyCa: pair(frontProxyCa), etcdCa: pair(etcdCa), serviceAccountKey };
        const document = controlPlaneDocument({
          clusterName,
          kubernetesVersion,
          certificateAuthority: ca[0],
          authorizedKeys,
          keys,
          podSubnet: subnets.pods,
          serviceSubnet: subnets.services,
        });
        return renderBootstrapScript(document, { delivery: "cudo-start-script" });
      }),
  );
}
