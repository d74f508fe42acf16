/** Bodies of requests (reference: Mithril API v2, schemas `Create…Request`, `Update…Request`). */
import {
  boolean,
  dollars,
  datetime,
  integer,
  list,
  matching,
  nullable,
  object,
  oneOf,
  optional,
  string,
} from "./shapes";

const volumeName = matching(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 64);

const launchSpecification = object({
  volumes: list(string),
  ssh_keys: list(string),
  startup_script: nullable(string),
  kubernetes_cluster: nullable(string),
  image_version: nullable(string),
  memory_gb: nullable(integer),
});

export interface LaunchBody {
  volumes: string[];
  ssh_keys: string[];
  startup_script?: string | null;
  kubernetes_cluster?: string | null;
  image_version?: string | null;
  memory_gb?: number | null;
}

export const createCluster = object({
  name: string,
  project: string,
  region: string,
  ssh_keys: list(string, 1),
  instance_type: string,
  k8s_version: optional(oneOf("1.34", "1.29")),
  image_version: nullable(string),
});

export interface CreateClusterBody {
  name: string;
  project: string;
  region: string;
  ssh_keys: string[];
  instance_type: string;
  k8s_version?: string;
  image_version?: string | null;
}

export const createSshKey = object({
  project: string,
  name: string,
  public_key: nullable(string),
  required: optional(boolean),
});

export interface CreateSshKeyBody {
  project: string;
  name: string;
  public_key?: string | null;
  required?: boolean;
}

export const updateSshKey = object({ required: boolean });

export const createVolume = object({
  name: volumeName,
  project: string,
  disk_interface: oneOf("Block", "File"),
  region: string,
  size_gb: integer,
});

export interface CreateVolumeBody {
  name: string;
  project: string;
  disk_interface: "Block" | "File";
  region: string;
  size_gb: number;
}

export const updateVolume = object({ name: volumeName });

export const createBid = object({
  project: string,
  region: string,
  instance_type: string,
  limit_price: dollars,
  instance_quantity: integer,
  name: string,
  launch_specification: launchSpecification,
  notification_email: nullable(string),
});

export interface CreateBidBody {
  project: string;
  region: string;
  instance_type: string;
  limit_price: string;
  instance_quantity: number;
  name: string;
  launch_specification: LaunchBody;
}

export const updateBid = object({
  limit_price: nullable(dollars),
  paused: nullable(boolean),
  volumes: nullable(list(string)),
  memory_gb: nullable(integer),
});

export interface UpdateBidBody {
  limit_price?: string | null;
  paused?: boolean | null;
  volumes?: string[] | null;
  memory_gb?: number | null;
}

export interface PriceSpecification {
  offer_key?: string;
  /** Cents: the description of the API names no unit. */
  max_unit_price?: number | null;
}

const priceSpecification = object({ offer_key: optional(string), max_unit_price: nullable(integer) });

export const createReservation = object({
  project: string,
  instance_type: string,
  region: string,
  start_time: datetime,
  end_time: datetime,
  instance_quantity: integer,
  name: string,
  launch_specification: launchSpecification,
  price_specification: nullable(priceSpecification),
  notification_email: nullable(string),
});

export interface CreateReservationBody {
  project: string;
  instance_type: string;
  region: string;
  start_time: string;
  end_time: string;
  instance_quantity: number;
  name: string;
  launch_specification: LaunchBody;
  price_specification?: PriceSpecification | null;
}

export const updateReservation = object({ paused: nullable(boolean), volumes: nullable(list(string)) });

export interface UpdateReservationBody {
  paused?: boolean | null;
  volumes?: string[] | null;
}

export const extendReservation = object({ end_time: datetime, price_specification: nullable(priceSpecification) });

export interface ExtendReservationBody {
  end_time: string;
  price_specification?: PriceSpecification | null;
}

export const terminateInstances = object({ instances: list(string, 1), reduce_capacity: boolean });

export interface TerminateInstancesBody {
  instances: string[];
  reduce_capacity: boolean;
}
