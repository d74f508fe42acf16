/** Networks (reference: Cudo API, /v1/projects/{p}/networks): one data center, a private range, a virtual router. */
import { formatCidr, formatIpv4, isPrivate, rangeOf } from "../../sdk/ip-ranges";
import { money } from "./catalogue";
import { prices } from "./catalogue-data";
import { checkDataCenter, checkId, checkQuota, required } from "./checks";
import { CudoError, alreadyExists, failedPrecondition, invalidArgument, networkFull, notFound } from "./errors";
import type { networkBody } from "./messages";
import { keyOf, ofProject, takeMachineAddress, type StoredNetwork, type World } from "./model";
import type { Decoded } from "./protojson";

export function createNetwork(world: World, projectId: string, body: Decoded<typeof networkBody>) {
  const id = checkId("id", body.id, 63);
  const dataCenterId = checkDataCenter(body.dataCenterId);
  const ipRange = required("ipRange", body.ipRange);
  const range = rangeOf(ipRange);
  if (!range || !isPrivate(range) || range.size < 8) {
    throw invalidArgument(`ipRange "${ipRange}" is invalid: must be a private IPv4 CIDR (RFC 1918), at most /29`);
  }
  if (world.state.networks[keyOf(projectId, id)]) throw alreadyExists("A network");
  checkQuota(world, "networks", ofProject(world.state.networks, projectId).length);
  const externalAddress = takeMachineAddress(world.state);
  if (!externalAddress) throw new CudoError(13, "no addresses left");
  const network: StoredNetwork = {
    projectId,
    id,
    dataCenterId,
    createTime: world.now,
    state: "CREATING",
    steps: [{ at: world.now + world.delays.network, state: "ACTIVE" }],
    ipRange: formatCidr(range),
    externalAddress,
  };
  world.state.networks[keyOf(projectId, id)] = network;
  return networkView(network);
}

export function getNetwork(world: World, projectId: string, id: string) {
  return networkView(findNetwork(world, projectId, id));
}

/** Refused (code 9) while VMs are attached. */
export function deleteNetwork(world: World, projectId: string, id: string) {
  const network = findNetwork(world, projectId, id);
  const attached = ofProject(world.state.vms, projectId).filter((vm) => vm.nics.some((nic) => nic.networkId === id));
  if (attached.length > 0)
    throw failedPrecondition(`Network cannot be deleted: ${attached.length} virtual machines are attached to it`);
  if (network.state === "DELETING") return {};
  if (network.state === "CREATING") throw failedPrecondition("Network cannot be deleted while it is being created");
  network.state = "DELETING";
  network.steps = [{ at: world.now + world.delays.network, state: "GONE" }];
  return {};
}

/** Connects the network's router to the internet again. */
export function startNetwork(world: World, projectId: string, id: string) {
  return switchNetwork(world, projectId, id, "STOPPED", "STARTING", "ACTIVE");
}

/** Cuts the network's router off the internet. */
export function stopNetwork(world: World, projectId: string, id: string) {
  return switchNetwork(world, projectId, id, "ACTIVE", "STOPPING", "STOPPED");
}

function switchNetwork(
  world: World,
  projectId: string,
  id: string,
  from: StoredNetwork["state"],
  through: StoredNetwork["state"],
  to: StoredNetwork["state"],
) {
  const network = findNetwork(world, projectId, id);
  if (network.state !== from) throw failedPrecondition(`Network is ${network.state}, not ${from}`);
  network.state = through;
  network.steps = [{ at: world.now + world.delays.network, state: to }];
  return {};
}

export function findNetwork(world: World, projectId: string, id: string): StoredNetwork {
  const network = world.state.networks[keyOf(projectId, id)];
  if (!network) throw notFound("network", id);
  return network;
}

/** The first `count` addresses of the network that no VM has; the first address is the router's. Throws code 9 when it is full. */
export function freeInternalAddresses(world: World, network: StoredNetwork, count: number): string[] {
  const range = rangeOf(network.ipRange)!;
  const taken = new Set<string>();
  for (const vm of ofProject(world.state.vms, network.projectId)) {
    for (const nic of vm.nics) if (nic.networkId === network.id) taken.add(nic.internalAddress);
  }
  const found: string[] = [];
  for (let offset = 2; offset < range.size - 1 && found.length < count; offset++) {
    const address = formatIpv4(range.base + offset);
    if (!taken.has(address)) found.push(address);
  }
  if (found.length < count) throw networkFull();
  return found;
}

export function networkView(network: StoredNetwork) {
  const router = formatIpv4(rangeOf(network.ipRange)!.base + 1);
  const up = network.state !== "CREATING";
  return {
    projectId: network.projectId,
    id: network.id,
    dataCenterId: network.dataCenterId,
    ipRange: network.ipRange,
    gateway: up ? router : "",
    internalIpAddress: up ? router : "",
    externalIpAddress: up ? network.externalAddress : "",
    state: network.state,
    vmState: up ? "ACTIVE" : "PENDING",
    priceHr: money(prices.network),
    createTime: new Date(network.createTime).toISOString(),
  };
}
