import * as pulumi from "../../sdk/pulumi";
import { ServiceLoadBalancers } from "../../sdk/aws/service-load-balancers";
import { ApiServerReady } from "../../sdk/kubernetes/api-server-ready";
import { ClusterCertificates } from "../../sdk/kubernetes/cluster-certificates";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { NodesReady } from "../../sdk/kubernetes/nodes-ready";
import { installCni } from "../addons/cni";
import { KubernetesProvider } from "../kubernetes-provider";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { defaultKubernetesMinor, resolveKubernetesVersion } from "../versions";
import { clusterAccess } from "./access";
import type { AwsClusterArgs } from "./args";
import { controlPlane, defaultControlPlaneType } from "./control-plane";
import { subnets } from "./documents";
import { namingFailures } from "./failures";
import { machineIdentity } from "./identity";
import { apiPort } from "./load-balancer";
import { imageFinder } from "./images";
import { execKubeconfig } from "./kubeconfig";
import { thisStack } from "./name-in-use";
import { AwsNetwork } from "./network";
import { lastingNetwork } from "./network-shape";
import { groupGpus, groupStatus, nodeGroup } from "./node-groups";
import { offeredType } from "./preflight";
import { controlPlanePolicy, nodePolicy } from "./policies";
import { accountConnection, accountProvider, checkAccount } from "./provider";
import { clusterSecrets } from "./secrets";
import { clusterTags, kubernetesName, kubernetesTags } from "./tags";
import { checkAwsClusterArgs } from "./validate";

/**
 * A Kubernetes cluster on EC2: a VPC (or one that exists), roles, one control plane machine set up by kubeadm, and node groups on EC2 Fleet.
 *
 * The kubeconfig is computed from the cluster's own certificate authority and a public address that stays. Machines get keys and tokens
 * from SSM's parameter store with their roles; user data has no secrets.
 *
 * Cost: every machine by the hour, with its disk; NAT gateways and public addresses by the hour; traffic between zones and to the outside.
 *
 * @example
 * const cluster = new AwsCluster("train", {
 *   keyPair: "ops",
 *   nodeGroups: [{ name: "gpu", role: "worker", minSize: 1, maxSize: 8, instanceTypes: ["g5.2xlarge"] }],
 * });
 * export const kubeconfig = cluster.kubeconfig;
 */
export class AwsCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:aws:AwsCluster";

  /** Name of the cluster; also the kubeconfig's context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://address:6443` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the cluster's authority. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the administrator's certificate.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** YAML without credentials: `aws ssm get-parameter` fetches them, for whoever IAM lets read the parameter. */
  public readonly kubeconfigExec: pulumi.Output<string>;
  /** Sizes of the node groups. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers and every group has its minimum of nodes; unknown before that. */
  public readonly status: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  public readonly vpcId: pulumi.Output<string>;
  /** Where the nodes are: one subnet for each zone. */
  public readonly subnetIds: pulumi.Output<string[]>;
  /** The nodes' role, for policies of your own. */
  public readonly nodeRoleArn: pulumi.Output<string>;

  constructor(name: string, args: AwsClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkAwsClusterArgs(name, args).raise("AwsCluster");
    checkAccount(args);
    super(AwsCluster.__pulumiType, name, {}, namingFailures(name, options));
    const clusterName = args.clusterName ?? name;
    const base = `${args.namePrefix ?? ""}${clusterName}`;
    const tags = clusterTags({ clusterName, namePrefix: args.namePrefix, tags: args.tags, stack: thisStack() });
    const groups = args.nodeGroups ?? [];
    const version = resolveKubernetesVersion(args.kubernetesVersion ?? defaultKubernetesMinor, args.devMode ?? false)!;
    const child = { parent: this };
    const aws = accountProvider(`${name}-aws`, args, child);
    const onAws = { ...child, provider: aws };
    const connection = accountConnection(args);
    const externalCloudProvider = args.cloudControllerManager ?? true;
    const kubernetes = externalCloudProvider ? kubernetesTags(base) : {};

    const { instanceType = defaultControlPlaneType, count = 1 } = args.controlPlane ?? {};
    const choices = new LastingChoices(
      `${name}-choices`,
      { clusterName, choices: { "controlPlane.count": String(count), ...lastingNetwork(args.network) } },
      child,
    );
    const certificates = new ClusterCertificates(
      `${name}-certificates`,
      { clusterName, adminValidityHours: args.adminValidityHours },
      child,
    );
    const network = new AwsNetwork(
      `${name}-network`,
      { ...args.network, physicalName: base, tags, kubernetes, region: args.region, after: choices },
      { ...child, providers: aws && [aws] },
    );
    const access = clusterAccess(
      name,
      {
        base,
        vpcId: network.vpcId,
        api: args.apiServerAccessCidrs ?? ["0.0.0.0/0"],
        fabric: groups.some(({ efa }) => efa),
        ssh: args.sshAccessCidrs ?? [],
        tags,
        kubernetes,
      },
      onAws,
    );
    // Between the network and the control plane, so that at a destroy nobody makes any more, and nothing is in the way of the network. Without
    // the controller too: there may have been one before, and another can be installed.
    const serviceLoadBalancers = new ServiceLoadBalancers(
      `${name}-service-load-balancers`,
      { clusterName: kubernetesName(base), vpcId: network.vpcId, connection },
      { ...child, dependsOn: [network, ...access.ready] },
    );
    const secrets = clusterSecrets(name, { base, certificates, tags }, onAws);
    const controlPlaneIdentity = machineIdentity(
      `${name}-control-plane`,
      {
        base,
        names: { role: "control-plane-role", profile: "control-plane-profile" },
        policy: pulumi.all([secrets.keys.arn, secrets.join.arn]).apply(([keysParameter, joinParameter]) =>
          controlPlanePolicy({
            clusterName,
            keysParameter,
            joinParameter,
            kubernetesTag: Object.keys(kubernetes)[0],
          }),
        ),
        tags,
      },
      onAws,
    );
    const nodeIdentity = machineIdentity(
      `${name}-node`,
      {
        base,
        names: { role: "node-role", profile: "instance-profile" },
        policy: secrets.join.arn.apply((joinParameter) => nodePolicy({ joinParameter })),
        tags,
      },
      onAws,
    );

    const image = imageFinder(connection, this);
    const apiServers = controlPlane(
      `${name}-control-plane`,
      {
        ...args.controlPlane,
        instanceType: offeredType({ instanceType, count, connection }, child),
        clusterName,
        base,
        kubernetesVersion: version,
        keyPair: args.keyPair,
        imageId: args.controlPlane?.image ?? image({ instanceType, gpu: false }).imageId,
        vpcId: network.vpcId,
        publicSubnetIds: network.publicSubnetIds,
        subnetIds: network.subnetIds,
        access,
        identity: controlPlaneIdentity,
        secrets,
        certificateAuthority: certificates.caCertificate,
        externalCloudProvider,
        tags: { ...tags, ...kubernetes },
      },
      { ...onAws, dependsOn: [choices, network, serviceLoadBalancers] },
    );

    this.clusterName = pulumi.output(clusterName);
    this.endpoint = pulumi.interpolate`https://${apiServers.publicHost}:${apiPort}`;
    this.certificateAuthority = certificates.caCertificate;
    const parts = pulumi.all([this.endpoint, certificates.caCertificate]);
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([parts, certificates.adminCertificate, certificates.adminPrivateKey])
        .apply(([[endpoint, certificateAuthority], clientCertificate, clientKey]) =>
          renderKubeconfig({
            clusterName,
            endpoint,
            certificateAuthority,
            credentials: { clientCertificate, clientKey },
          }),
        ),
    );
    this.kubeconfigExec = pulumi
      .all([parts, secrets.admin.arn])
      .apply(([[endpoint, certificateAuthority], parameterArn]) =>
        execKubeconfig({ clusterName, endpoint, certificateAuthority, parameterArn }),
      );

    const apiServer = new ApiServerReady(
      `${name}-api-server`,
      { kubeconfig: this.kubeconfig, instanceId: apiServers.machines[0]!.id, ec2Connection: connection },
      { ...child, dependsOn: apiServers.ready },
    );
    const inCluster = { ...child, dependsOn: [apiServer], deletedWith: apiServers.machines[0]! };
    this.kubeProvider = new KubernetesProvider(`${name}-kubernetes`, this.kubeconfig, {
      ...child,
      dependsOn: [apiServer],
    });
    const cni = args.cni ?? "cilium";
    const networkBetweenPods =
      cni === "none"
        ? []
        : installCni(name, { kind: cni, provider: this.kubeProvider, podSubnet: subnets.pods }, inCluster);
    const cloudController = externalCloudProvider
      ? installCloudControllerManager(name, apiServer.version, { ...inCluster, provider: this.kubeProvider })
      : [];

    // What a machine needs when it boots is there before any is made, and deleted after the last is gone.
    const surroundings = [apiServer, network, ...access.ready, ...nodeIdentity.ready];
    const nodeGroups = groups.map((group, index) =>
      nodeGroup(
        `${name}-${group.name}`,
        {
          path: `nodeGroups[${index}]`,
          clusterName,
          base,
          group,
          image: image({ instanceType: group.instanceTypes[0]!, gpu: groupGpus(group) > 0, given: group.image }),
          keyPair: args.keyPair,
          certificateAuthority: certificates.caCertificate,
          externalCloudProvider,
          // Nodes follow the version that the control plane runs, whatever the program asks for by now.
          kubernetesVersion: apiServer.version,
          endpoint: pulumi.interpolate`https://${apiServers.privateHost}:${apiPort}`,
          joinParameter: secrets.join.name,
          profileName: nodeIdentity.profileName,
          subnetIds: network.subnetIds,
          zones: network.zones,
          publicSubnets: args.network?.nat === "none",
          securityGroupId: access.nodes,
          connection,
          tags,
        },
        { template: { ...onAws }, group: { ...child, dependsOn: surroundings } },
      ),
    );
    const nodes = new NodesReady(
      `${name}-nodes`,
      {
        kubeconfig: this.kubeconfig,
        nodeGroups: groups.map((group) => ({ name: group.name, minSize: group.minSize })),
        controlPlaneNodes: count,
        condition: cni === "none" ? "Registered" : "Ready",
        machines: pulumi
          .all(nodeGroups.map(({ machines }) => machines))
          .apply((groups) => groups.flat().map(({ id: instanceId, nodeName }) => ({ nodeName, instanceId }))),
        ec2Connection: connection,
      },
      { ...child, dependsOn: [...nodeGroups, ...networkBetweenPods, ...cloudController] },
    );

    this.nodeGroups = pulumi.all(groups.map((group, index) => groupStatus(group, nodeGroups[index]!)));
    this.status = nodes.status;
    this.vpcId = network.vpcId;
    this.subnetIds = network.subnetIds;
    this.nodeRoleArn = nodeIdentity.roleArn;
    this.registerOutputs({
      clusterName: this.clusterName,
      endpoint: this.endpoint,
      certificateAuthority: this.certificateAuthority,
      kubeconfig: this.kubeconfig,
      kubeconfigExec: this.kubeconfigExec,
      nodeGroups: this.nodeGroups,
      status: this.status,
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      nodeRoleArn: this.nodeRoleArn,
    });
  }
}

function installCloudControllerManager(
  name: string,
  kubernetesVersion: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  // Loaded when asked for, as installCni does.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { cloudControllerManagerResources } =
    require("../addons/aws-cloud-controller-manager") as typeof import("../addons/aws-cloud-controller-manager");
  /* eslint-enable @typescript-eslint/no-require-imports */
  return cloudControllerManagerResources(name, { kubernetesVersion }, options);
}
