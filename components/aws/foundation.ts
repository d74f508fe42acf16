import { AccountReady } from "../../sdk/aws/account-ready";
import { reservedKind } from "../../sdk/aws/capacity";
import { ServiceLoadBalancers } from "../../sdk/aws/service-load-balancers";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import * as pulumi from "../../sdk/pulumi";
import type { AfterLook } from "../after-look";
import { toldChoices } from "../addons/gpu/groups";
import { eachRangeLater } from "../access-ranges";
import { clusterRanges, type ClusterRanges } from "../cluster-ranges";
import { clusterAccess, type Access } from "./access";
import type { AwsClusterArgs } from "./args";
import { defaultControlPlaneType } from "./control-plane";
import { defaultDiskSizeGib } from "./disk";
import { gpuFields } from "./gpus";
import { machineIdentity, type MachineIdentity } from "./identity";
import { architectureOf } from "./instance-types";
import { ofAllThere } from "../left-out";
import { stopsLoneMachine } from "../kubeadm/stops";
import { thisStack } from "./name-in-use";
import { AwsNetwork } from "./network";
import { plannedMachines } from "./planned-machines";
import { lastingNetwork, plannedNetwork } from "./network-shape";
import { controlPlanePolicy, nodePolicy } from "./policies";
import { awsAccount, type AwsAccount } from "./provider";
import { awsRegion } from "./region";
import { clusterSecrets, type ClusterSecrets } from "./secrets";
import type { SharedFiles } from "./shared-files";
import { awsName, longestNames } from "./names";
import { stackTag, clusterTags, kubernetesName, kubernetesTags } from "./tags";

/** Where a cluster is, and what its things are called. */
export interface AwsPlace {
  clusterName: string;
  ranges: ClusterRanges;
  /** What physical names begin with. */
  base: string;
  tags: pulumi.Output<Record<string, string>>;
  /** What AWS's cloud controller manager finds its cluster's things by. Empty without it. */
  kubernetes: Record<string, string>;
  externalCloudProvider: boolean;
  account: AwsAccount;
  /** Of the cluster's children. */
  child: pulumi.CustomResourceOptions;
}

export function awsPlace(name: string, args: AwsClusterArgs, parent: pulumi.Resource): AwsPlace {
  const { clusterName = name, namePrefix, cloudControllerManager: externalCloudProvider = true } = args;
  const base = `${namePrefix ?? ""}${clusterName}`;
  const account = awsAccount(name, args, parent);
  return {
    clusterName,
    ranges: clusterRanges(args),
    base,
    tags: clusterTags({ clusterName, namePrefix, tags: args.tags, stack: thisStack() }),
    kubernetes: externalCloudProvider ? kubernetesTags(base) : {},
    externalCloudProvider,
    account,
    child: { parent, provider: account.own },
  };
}

/** Of the machines' physical names. */
const roles = {
  controlPlane: { role: "control-plane-role", profile: "control-plane-profile" },
  node: { role: "node-role", profile: "instance-profile" },
} as const;

/** Of the services that make parts of the cluster by roles of theirs. */
function serviceRoles({ nodeGroups = [], controlPlane, sharedStorage }: AwsClusterArgs): string[] {
  const needed = {
    ec2fleet: nodeGroups.length > 0,
    spot: nodeGroups.some(({ capacity }) => capacity?.spot !== undefined),
    elasticloadbalancing: controlPlane?.count === 3,
    elasticfilesystem: sharedStorage !== undefined && sharedStorage.lustre === undefined,
    fsx: sharedStorage?.lustre !== undefined,
  };
  return Object.entries(needed).flatMap(([service, isNeeded]) => (isNeeded ? [`${service}.amazonaws.com`] : []));
}

/** What is there before any machine. */
export interface Foundation {
  /** What is asked of the control plane. */
  asked: AskedControlPlane;
  network: AwsNetwork;
  access: Access;
  secrets: ClusterSecrets;
  controlPlaneIdentity: MachineIdentity;
  nodeIdentity: MachineIdentity;
  files: SharedFiles | undefined;
  /** Of what the AWS provider makes: nothing before it is sure that the cluster can be made there, and that nothing of it is made elsewhere. */
  onAws: pulumi.CustomResourceOptions;
  /** Of what is asked of AWS by this package's own provider: who cannot ask is told by one resource, in the best words. */
  asking: pulumi.CustomResourceOptions;
  /** What the control plane is made after, and gone before. */
  beforeControlPlane: pulumi.Resource[];
}

export function awsFoundation(name: string, args: AwsClusterArgs, place: AwsPlace, afterLook: AfterLook): Foundation {
  const { clusterName, base, tags, kubernetes, child } = place;
  const asked = askedControlPlane(args);
  const choices = lastingChoices(name, args, asked, place);
  // What a cluster keeps for its life is refused before anything is made.
  const account = accountReady(name, args, asked, place, { ...child, dependsOn: [choices] });
  const sure = [account, ...afterLook([account])];
  const asking = { ...child, dependsOn: sure };
  const onAws = { parent: child.parent, provider: place.account.aws, dependsOn: [choices, ...sure] };
  const network = new AwsNetwork(
    `${name}-network`,
    {
      ...args.network,
      physicalName: base,
      tags,
      kubernetes,
      ranges: place.ranges,
      region: args.region,
      publicApi: asked.publicAddress,
      after: onAws.dependsOn,
    },
    { parent: child.parent, providers: [place.account.aws, place.account.own].filter((each) => each !== undefined) },
  );
  const access = clusterAccess(name, { ...accessPlan(args, place), vpcId: network.vpcId }, onAws);
  // Between the network and the control plane, so that at a destroy nobody makes any more, and nothing is in the way of the network. Without
  // the controller too: there may have been one before, and another can be installed.
  const serviceLoadBalancers = new ServiceLoadBalancers(
    `${name}-service-load-balancers`,
    { clusterName: kubernetesName(base), vpcId: network.vpcId },
    { ...child, dependsOn: [network, ...access.ready] },
  );
  const secrets = clusterSecrets(name, {
    ...args,
    base,
    controlPlaneRole: awsName(base, roles.controlPlane.role, longestNames.role),
    tags,
    defaultTags: place.account.defaultTags,
    child,
    asking,
    onAws,
  });
  const { sharedStorage } = args;
  const files =
    sharedStorage &&
    loadSharedFiles().sharedFiles(
      name,
      { ...args, sharedStorage },
      { clusterName, base, tags, defaultTags: place.account.defaultTags, network, access },
      onAws,
    );
  return {
    asked,
    network,
    access,
    secrets,
    ...identities(name, args, place, { secrets, files, network }, onAws),
    files,
    onAws,
    asking,
    beforeControlPlane: [choices, account, network, serviceLoadBalancers],
  };
}

type AskedControlPlane = ReturnType<typeof askedControlPlane>;

/** With what it has where nothing is said. */
function askedControlPlane({ controlPlane }: AwsClusterArgs) {
  const {
    instanceType = defaultControlPlaneType,
    count = 1,
    diskSizeGib = defaultDiskSizeGib,
    publicAddress = true,
    image,
  } = controlPlane ?? {};
  const architecture = pulumi.output(instanceType).apply(architectureOf);
  return { instanceType, count, diskSizeGib, publicAddress, image, architecture };
}

function lastingChoices(
  name: string,
  args: AwsClusterArgs,
  { instanceType, count, publicAddress, architecture, diskSizeGib }: AskedControlPlane,
  place: AwsPlace,
): LastingChoices {
  const { clusterName, child } = place;
  return new LastingChoices(
    `${name}-choices`,
    {
      clusterName,
      choices: {
        clusterName,
        namePrefix: JSON.stringify(args.namePrefix ?? ""),
        "the AWS account": place.account.seen.accountId,
        region: place.account.seen.region,
        "controlPlane.count": String(count),
        "controlPlane.publicAddress": String(publicAddress),
        // A machine does not change its processor: it would be made anew.
        "architecture of controlPlane.instanceType": architecture,
        ...lastingNetwork(args.network),
        ...place.ranges,
        ...(args.sharedStorage && { "kind of sharedStorage": kindOfFiles(args.sharedStorage) }),
      },
      least: { "controlPlane.diskSizeGib": diskSizeGib },
      ...(args.sharedStorage && { kept: { sharedStorage: args.sharedStorage.protect ?? true } }),
      told: {
        "controlPlane.instanceType": { value: instanceType, meaning: count === 1 ? stopsLoneMachine : stopsAll },
        ...toldChoices(
          (args.nodeGroups ?? []).map((group) => gpuFields(group)),
          args,
        ),
      },
    },
    child,
  );
}

const stopsAll =
  "the three machines stop for it, one after the other, each once the other two serve, so that Kubernetes' API stays";

function accountReady(
  name: string,
  args: AwsClusterArgs,
  { instanceType, count, architecture, image, diskSizeGib }: AskedControlPlane,
  { clusterName, base, ranges, account }: AwsPlace,
  options: pulumi.CustomResourceOptions,
): AccountReady {
  const nodeGroups = args.nodeGroups ?? [];
  return new AccountReady(
    `${name}-account`,
    {
      controlPlane: { instanceType, count, architecture, image, diskSizeGib },
      nodeGroups: nodeGroups.map(plannedMachines),
      network: plannedNetwork(args, awsRegion()),
      ranges: { ...ranges },
      kmsKeyId: args.kmsKeyId,
      permissionsBoundary: args.permissionsBoundary,
      roleNames: Object.values(roles).map(({ role }) => awsName(base, role, longestNames.role)),
      clusterName,
      ownTags: { [stackTag]: thisStack() },
      serviceRoles: serviceRoles(args),
      keyPair: args.keyPair,
      awsProvider: account.seen,
    },
    options,
  );
}

function accessPlan(args: AwsClusterArgs, { base, tags, kubernetes }: AwsPlace) {
  const ranges = (path: "apiServerAccessCidrs" | "sshAccessCidrs") =>
    args[path] && eachRangeLater({ component: "AwsCluster", path }, args[path]);
  return {
    base,
    api: ranges("apiServerAccessCidrs") ?? ["0.0.0.0/0"],
    fabric: (args.nodeGroups ?? []).some(({ efa }) => efa),
    ssh: ranges("sshAccessCidrs") ?? [],
    tags,
    kubernetes,
  };
}

/** Who the machines are to AWS. */
function identities(
  name: string,
  args: AwsClusterArgs,
  { clusterName, base, tags, kubernetes, account }: AwsPlace,
  { secrets, files, network }: Pick<Foundation, "secrets" | "files" | "network">,
  options: pulumi.CustomResourceOptions,
): Pick<Foundation, "nodeIdentity" | "controlPlaneIdentity"> {
  const shared = { base, region: account.seen.region, permissionsBoundary: args.permissionsBoundary, tags };
  const nodeIdentity = machineIdentity(
    `${name}-node`,
    {
      ...shared,
      names: roles.node,
      policy: pulumi
        .all([secrets.join.arn, files?.volumesIn])
        .apply(([joinParameter, fileSystem]) => nodePolicy({ clusterName, joinParameter, fileSystem })),
    },
    options,
  );
  const hasReserved = (args.nodeGroups ?? []).some(({ capacity }) => reservedKind(capacity) !== undefined);
  const controlPlaneIdentity = machineIdentity(
    `${name}-control-plane`,
    {
      ...shared,
      names: roles.controlPlane,
      policy: ofAllThere(
        [secrets.keysParameterArn, secrets.kmsKeyArn, secrets.join.arn, nodeIdentity.roleArn, network.vpcId],
        (keysParameter, kmsKey, joinParameter, nodeRole, vpcId) =>
          controlPlanePolicy({
            clusterName,
            keysParameter,
            kmsKey,
            joinParameter,
            kubernetesTag: Object.keys(kubernetes)[0],
            blockStorage: args.blockStorage ?? true,
            reserved: hasReserved ? { nodeRole, vpcId } : undefined,
          }),
      ),
    },
    options,
  );
  return { nodeIdentity, controlPlaneIdentity };
}

/** Another one is another, empty file system. */
function kindOfFiles({ lustre }: NonNullable<AwsClusterArgs["sharedStorage"]>): string {
  return lustre ? `Lustre ${lustre.deploymentType ?? "PERSISTENT_2"}` : "EFS";
}

/** With the types of EFS, FSx and Kubernetes, which programs without shared storage need not load. */
function loadSharedFiles() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("./shared-files") as typeof import("./shared-files");
}
