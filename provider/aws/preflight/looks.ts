/** All that AWS is asked about a cluster before it is made. Each look stands for itself: none keeps another from being told. */
import type * as pulumi from "../../../sdk/pulumi";
import type { AccountReadyArgs } from "../../../sdk/aws/account-ready";
import type { CheckFailure, ResourceLog } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { chooseExisting } from "../existing-network";
import { serviceRoleFailures } from "../service-roles";
import { ofNetwork } from "../users-fields";
import { chooseZones } from "../zones";
import { limitFailures, type AccountPlace } from "./account-limits";
import { boundaryFailures } from "./boundary";
import { diskKeyFailures } from "./disk-key";
import { dnsNameFailures } from "./dns-names";
import { givenKeyFailures } from "./given-key";
import { controlPlaneLooks, groupLooks, type Look, type Place } from "./planned-machines";
import { keyPairFailures } from "./preflight-facts";
import { publicAccessFailures } from "./public-access";
import { takenNameFailures, takenRoleFailures } from "./taken-names";

type Inputs = pulumi.Unwrap<AccountReadyArgs>;

export interface Looking extends AccountPlace {
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
}

/** `asked` is what was looked at before: what runs since then is not looked at again. */
export async function accountFailures(
  clients: AwsClients,
  inputs: Inputs,
  asked: Inputs | undefined,
  looking: Looking,
): Promise<CheckFailure[]> {
  const { region, signal, log } = looking;
  const { keyPair, kmsKeyId, permissionsBoundary, serviceRoles = [] } = inputs;
  const looks: Look[] = [
    ["serviceRoles", serviceRoleFailures(clients, serviceRoles, log, signal)],
    ["the key of disks", diskKeyFailures(clients, serviceRoles, log, signal)],
  ];
  if (keyPair !== undefined) looks.push(["keyPair", keyPairFailures(clients.ec2, keyPair, "keyPair", region, signal)]);
  if (kmsKeyId !== undefined && kmsKeyId !== asked?.kmsKeyId)
    looks.push(["kmsKeyId", givenKeyFailures(clients, kmsKeyId, region, signal)]);
  if (permissionsBoundary !== undefined && permissionsBoundary !== asked?.permissionsBoundary)
    looks.push(["permissionsBoundary", boundaryFailures(clients, permissionsBoundary, signal)]);
  const place: Promise<Place> = asked
    ? Promise.resolve({ zones: [], failures: [] })
    : networkPlace(clients, inputs, looking);
  // What there is of an older cluster counts itself, and has its own names.
  if (!asked) looks.push(["network", place.then(({ failures }) => failures)], ...firstLooks(clients, inputs, looking));
  const standing = () => placeNow(clients, inputs, looking);
  const { dnsNames, vpcId: named } = inputs.network ?? {};
  // Whatever a cluster of an older release has, its nodes have found it.
  if (dnsNames && (!asked || asked.network?.dnsNames === false)) {
    const found = (asked ? standing() : place).then(({ vpcId = named }) =>
      vpcId === undefined ? [] : dnsNameFailures(clients.ec2, vpcId, region, signal),
    );
    looks.push(["sharedStorage.lustre", found]);
  }
  looks.push(...machineLooks(clients, inputs, asked, { place, standing, signal }));
  return (await Promise.all(looks.map((look) => ifAllowed(look, log)))).flat();
}

function firstLooks(clients: AwsClients, inputs: Inputs, { accountId, region, signal }: Looking): Look[] {
  const { roleNames = [], ownTags = {}, clusterName, network } = inputs;
  const looks: Look[] = [["roleNames", takenRoleFailures(clients, roleNames, ownTags, signal)]];
  if (clusterName !== undefined) looks.push(["clusterName", takenNameFailures(clients, clusterName, ownTags, signal)]);
  if (network) looks.push(["network", limitFailures(clients, network, { accountId, region }, signal)]);
  if (network?.zoneCount !== undefined)
    looks.push(["VPC Block Public Access", publicAccessFailures(clients.ec2, region, signal)]);
  return looks;
}

function machineLooks(
  clients: AwsClients,
  { controlPlane: planned, nodeGroups = [], network }: Inputs,
  asked: Inputs | undefined,
  { place, standing, signal }: { place: Promise<Place>; standing: () => Promise<Place>; signal: AbortSignal },
): Look[] {
  const before = asked?.nodeGroups;
  const plane = planned && { planned, before: asked?.controlPlane, isPublic: network?.publicApi ?? true };
  const looks = plane ? controlPlaneLooks(clients, plane, asked ? standing : () => place, signal) : [];
  // The state of an older release does not say which groups there are.
  if (asked && before === undefined) return looks;
  nodeGroups.forEach((group, index) => {
    if (group === undefined) return;
    const former = before?.find((other) => other.name === group.name);
    looks.push(...groupLooks(clients, { group, former, path: `nodeGroups[${index}]` }, place, signal));
  });
  return looks;
}

/** Zones of a new network, or of the subnets of one that exists. */
async function networkPlace(
  { ec2 }: AwsClients,
  { network = {}, ranges = {} }: Inputs,
  { region, signal }: Looking,
): Promise<Place> {
  const { zoneCount, zones: names, vpcId, subnetIds, publicApi, natGateways } = network;
  if (zoneCount !== undefined) {
    const chosen = await chooseZones({ ec2, region }, { count: zoneCount, names }, "network.zones", signal);
    return placeOf({ ...chosen, publicZones: chosen.zones, publicNodes: natGateways === 0, tenancy: "default" });
  }
  if (vpcId === undefined && subnetIds === undefined) return { zones: [], failures: [] };
  const { chosen, publicZones, failures } = await chooseExisting(ec2, { vpcId, subnetIds, publicApi }, ranges, signal);
  return placeOf({ ...chosen, publicZones, failures: ofNetwork(failures) });
}

/** Where a cluster is that was made before. Which subnets of a VPC it took then, that VPC does not tell. */
async function placeNow(clients: AwsClients, inputs: Inputs, looking: Looking): Promise<Place> {
  const { vpcId, subnetIds } = inputs.network ?? {};
  return vpcId !== undefined && subnetIds === undefined
    ? { zones: [], failures: [] }
    : networkPlace(clients, inputs, looking);
}

/** From a place that does not fit, nothing follows for the machines. */
function placeOf(place: Place): Place {
  const { vpcId, failures } = place;
  return failures.length > 0 ? { ...(vpcId ? { vpcId } : {}), zones: [], failures } : place;
}

/** Not every deployer may look at everything: whoever makes the machines finds out. */
async function ifAllowed([what, looking]: Look, log: ResourceLog): Promise<CheckFailure[]> {
  try {
    return await looking;
  } catch (error) {
    if (!isAwsError(error, "permission")) throw error;
    log.warn(`${what} is not checked against AWS: ${error.message}`);
    return [];
  }
}
