/**
 * Turns Mithril's answers into `types.ts`. Lenient: null and missing are the same, unknown statuses pass through. What an object always has,
 * and a decision rests on, must be there (`WrongShape`).
 */
import { number, object, objects, requiredNumber, requiredText, text, texts, type Json } from "../cloud/json";
import type {
  AuctionMarket,
  Bid,
  Cluster,
  CurrentPrices,
  ImageVersion,
  Instance,
  InstanceType,
  LaunchSpecification,
  Quote,
  Region,
  Reservation,
  SshKey,
  Volume,
} from "./types";

function optional(value: unknown): string | undefined {
  return text(value) || undefined;
}

/** A time without a zone is UTC, as all of Mithril's: JavaScript would take it for this computer's own. */
function time(value: unknown): string {
  const given = text(value);
  return /\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(given) && !/[+-]\d\d:\d\d$/.test(given)
    ? `${given.replace(" ", "T")}Z`
    : given;
}

function maybeNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : number(value);
}

export function decodeCluster(json: Json): Cluster {
  return {
    fid: requiredText(json, "fid"),
    project: text(json.project),
    name: requiredText(json, "name"),
    region: text(json.region),
    createdAt: time(json.created_at),
    kubeHost: optional(json.kube_host),
    sshKeys: texts(json.ssh_keys),
    instances: texts(json.instances),
    joinCommand: optional(json.join_command),
    status: requiredText(json, "status"),
    deletedAt: optional(time(json.deleted_at)),
    kubernetesVersion: text(json.k8s_version),
  };
}

export function decodeSshKey(json: Json): SshKey {
  return {
    fid: requiredText(json, "fid"),
    name: requiredText(json, "name"),
    project: text(json.project),
    publicKey: text(json.public_key),
    createdAt: time(json.created_at),
    required: json.required === true,
  };
}

export function decodeVolume(json: Json): Volume {
  return {
    fid: requiredText(json, "fid"),
    name: requiredText(json, "name"),
    region: text(json.region),
    createdAt: time(json.created_at),
    deletedAt: optional(time(json.deleted_at)),
    capacityGb: number(json.capacity_gb),
    project: text(json.project),
    diskInterface: text(json.interface),
    bids: texts(json.bids),
    reservations: texts(json.reservations),
  };
}

function decodeLaunchSpecification(json: Json): LaunchSpecification {
  return {
    volumes: texts(json.volumes),
    sshKeys: texts(json.ssh_keys),
    startupScript: optional(json.startup_script),
    cluster: optional(json.kubernetes_cluster),
    imageVersion: optional(json.image_version),
    memoryGb: maybeNumber(json.memory_gb),
  };
}

export function decodeBid(json: Json): Bid {
  return {
    ...decodeOrder(json),
    deactivatedAt: optional(time(json.deactivated_at)),
    limitPrice: text(json.limit_price),
  };
}

export function decodeReservation(json: Json): Reservation {
  return {
    ...decodeOrder(json),
    startTime: time(json.start_time),
    endTime: time(json.end_time),
    totalPrice: text(json.total_price),
    unitPrice: text(json.unit_price),
  };
}

function decodeOrder(json: Json) {
  return {
    fid: requiredText(json, "fid"),
    name: requiredText(json, "name"),
    project: text(json.project),
    createdAt: time(json.created_at),
    quantity: requiredNumber(json, "instance_quantity"),
    instanceType: text(json.instance_type),
    region: text(json.region),
    instances: texts(json.instances),
    launchSpecification: decodeLaunchSpecification(object(json.launch_specification, "launch_specification")),
    status: requiredText(json, "status"),
  };
}

/** The offer of an order that names none. */
const standardOffer = "standard";

export function decodeQuote(json: Json): Quote | undefined {
  const offer = objects(json.offers, "offers").find(({ key }) => key === standardOffer);
  return offer && { unitPrice: requiredText(offer, "unit_price"), totalPrice: requiredText(offer, "total_price") };
}

export function decodeInstance(json: Json): Instance {
  return {
    fid: requiredText(json, "fid"),
    name: requiredText(json, "name"),
    createdAt: time(json.created_at),
    instanceType: text(json.instance_type),
    region: text(json.region),
    bid: optional(json.bid),
    reservation: optional(json.reservation),
    sshDestination: optional(json.ssh_destination),
    privateIp: optional(json.private_ip),
    status: requiredText(json, "status"),
  };
}

export function decodeInstanceType(json: Json): InstanceType {
  return {
    fid: requiredText(json, "fid"),
    name: text(json.name),
    vcpus: number(json.num_cpus),
    cpuType: text(json.cpu_type),
    memoryGb: number(json.ram_gb),
    gpus: number(json.num_gpus),
    gpuType: text(json.gpu_type),
    gpuMemoryGb: number(json.gpu_memory_gb),
    gpuSocket: text(json.gpu_socket),
    localStorageGb: number(json.local_storage_gb),
    networkType: text(json.network_type),
    hourlyPrice: number(json.hourly_price),
  };
}

export function decodeMarket(json: Json): AuctionMarket {
  return {
    fid: requiredText(json, "fid"),
    instanceType: text(json.instance_type),
    region: text(json.region),
    capacity: number(json.capacity),
    lastInstancePrice: text(json.last_instance_price),
    lowestAllocatedPrice: optional(json.lowest_allocated_price),
    adjustableMemory: json.adjustable_memory === true,
    defaultImageVersion: optional(json.default_image_version),
  };
}

export function decodePrices(json: Json): CurrentPrices {
  return {
    spotPriceCents: maybeNumber(json.spot_price_cents),
    reservedPriceCents: maybeNumber(json.reserved_price_cents),
    minimumPriceCents: maybeNumber(json.minimum_price_cents),
    lowestAllocatedBidCents: maybeNumber(json.lowest_allocated_bid_cents),
    availableCapacity: maybeNumber(json.available_capacity),
    totalCapacity: maybeNumber(json.total_capacity),
  };
}

export function decodeRegion(json: Json): Region {
  return {
    name: requiredText(json, "name"),
    kubernetes: json.k8s_enabled === true,
    blockStorage: json.block_storage_enabled === true,
    fileShares: json.fileshare_storage_enabled === true,
    maxVolumeSizeTb: number(json.max_volume_size_tb) || 32,
  };
}

export function decodeImage(json: Json): ImageVersion {
  return {
    fid: requiredText(json, "image_version_fid"),
    name: text(json.image_version_name),
    os: text(json.os),
    kernel: text(json.kernel),
    stable: json.stable === true,
    regions: texts(json.supported_regions),
    deactivatedAt: optional(time(json.deactivated_at)),
    nvidiaDriver: text(json.nvidia_driver),
    cuda: text(json.cuda),
  };
}
