/** Bodies of answers (reference: Mithril API v2, schemas `…Model` and `…Response`). Tests hold what the simulator says against them. */
import {
  boolean,
  datetime,
  dollars,
  integer,
  list,
  mapOf,
  nullable,
  number,
  object,
  oneOf,
  string,
  type Shape,
} from "./shapes";

const model = (fields: Readonly<Record<string, Shape>>) => object(fields, { strict: true });

const launchSpecification = model({
  volumes: list(string),
  ssh_keys: list(string),
  startup_script: nullable(string),
  kubernetes_cluster: nullable(string),
  image_version: nullable(string),
  memory_gb: nullable(integer),
});

const instanceStatus = oneOf(
  ..."NEW CONFIRMED INITIALIZING STARTING RUNNING STOPPING TERMINATED RELOCATING PREEMPTING PREEMPTED REPLACED PAUSED ERROR"
    .split(" ")
    .map((word) => `STATUS_${word}`),
);

const page = (of: Shape) => model({ data: list(of), next_cursor: nullable(string) });

const cluster = model({
  fid: string,
  project: string,
  name: string,
  region: string,
  created_at: datetime,
  kube_host: nullable(string),
  ssh_keys: list(string),
  instances: list(string),
  join_command: nullable(string),
  status: oneOf("Pending", "Available", "Terminated"),
  deleted_at: nullable(datetime),
  k8s_version: string,
  user_fid: nullable(string),
});

const sshKeyFields = {
  fid: string,
  name: string,
  project: string,
  public_key: string,
  created_at: datetime,
  required: boolean,
};
const sshKey = model(sshKeyFields);

const volume = model({
  fid: string,
  name: string,
  region: string,
  created_at: datetime,
  deleted_at: nullable(datetime),
  capacity_gb: integer,
  project: string,
  interface: oneOf("Block", "File"),
  bids: list(string),
  reservations: list(string),
  attachments: mapOf(string),
});

const order = {
  fid: string,
  name: string,
  project: string,
  created_by: string,
  created_at: datetime,
  deactivated_at: nullable(datetime),
  instance_quantity: integer,
  instance_type: string,
  region: nullable(string),
  instances: list(string),
  launch_specification: launchSpecification,
};

const bid = model({
  ...order,
  limit_price: dollars,
  status: oneOf("Open", "Allocated", "Preempting", "Terminated", "Paused"),
});

const reservation = model({
  ...order,
  start_time: datetime,
  end_time: datetime,
  total_price: dollars,
  unit_price: dollars,
  status: oneOf("Pending", "Active", "Paused", "Canceled", "Ended"),
});

const instance = model({
  fid: string,
  name: string,
  project: string,
  created_at: datetime,
  created_by: string,
  instance_type: string,
  region: nullable(string),
  bid: nullable(string),
  reservation: nullable(string),
  ssh_destination: nullable(string),
  private_ip: nullable(string),
  status: instanceStatus,
});

const instanceType = model({
  fid: string,
  name: string,
  num_cpus: integer,
  cpu_type: string,
  ram_gb: integer,
  num_gpus: integer,
  gpu_type: string,
  gpu_memory_gb: integer,
  gpu_socket: string,
  local_storage_gb: integer,
  network_type: nullable(string),
  ib_count: integer,
  bridge_count: integer,
  hourly_price: number,
});

const region = model({
  id: string,
  name: string,
  block_storage_enabled: boolean,
  fileshare_storage_enabled: boolean,
  k8s_enabled: boolean,
  max_volume_size_tb: integer,
  max_volume_name_length: integer,
});

const image = model({
  image_version_fid: string,
  image_version_name: string,
  os: string,
  kernel: string,
  stable: boolean,
  supported_regions: list(string),
  deactivated_at: nullable(datetime),
  nvidia_driver: nullable(string),
  cuda: nullable(string),
  cuda_toolkit: nullable(string),
  nvidia_container_toolkit: nullable(string),
  packages: nullable(string),
});

const market = model({
  fid: string,
  instance_type: string,
  region: string,
  capacity: integer,
  last_instance_price: dollars,
  lowest_allocated_price: nullable(dollars),
  adjustable_memory: boolean,
  default_image_version: nullable(string),
});

const prices = model(
  Object.fromEntries(
    [
      "spot_price_cents",
      "reserved_price_cents",
      "minimum_price_cents",
      "lowest_allocated_bid_cents",
      "dynamic_win_price_cents",
      "available_capacity",
      "total_capacity",
    ].map((field) => [field, nullable(integer)]),
  ),
);

const quota = model({
  fid: string,
  project: string,
  instance_type: nullable(string),
  product_type: string,
  total_quantity: integer,
  used_quantity: integer,
  units: string,
  name: string,
});

/** What a successful answer of each operation looks like; operations that are not here answer 204 without a body. */
export const answerShapes: Readonly<Record<string, Shape>> = {
  GetMe: model({
    id: string,
    fid: string,
    email: string,
    user_name: nullable(string),
    organization_id: string,
    organization_role: nullable(string),
  }),
  ListProjects: list(model({ fid: string, name: string, created_at: datetime })),
  ListQuotas: list(quota),
  CreateCluster: cluster,
  ListClusters: list(cluster),
  GetCluster: cluster,
  CreateSshKey: model({ ...sshKeyFields, private_key: nullable(string) }),
  ListSshKeys: list(sshKey),
  UpdateSshKey: sshKey,
  CreateVolume: volume,
  ListVolumes: list(volume),
  UpdateVolume: volume,
  CreateBid: bid,
  ListBids: page(bid),
  GetBid: bid,
  UpdateBid: bid,
  GetBidStatus: model({ bid_fid: string, status: string }),
  CreateReservation: reservation,
  ListReservations: page(reservation),
  UpdateReservation: reservation,
  ExtendReservation: reservation,
  ListInstances: page(instance),
  GetInstanceStatus: model({
    fid: string,
    name: string,
    status: instanceStatus,
    bid: nullable(string),
    reservation: nullable(string),
    end_time: nullable(datetime),
  }),
  ListInstanceTypes: list(instanceType),
  ListCpuInstanceTypes: list(instanceType),
  ListReservableInstanceTypes: list(instanceType),
  ListRegions: list(region),
  ListCpuRegions: list(region),
  ListImages: list(image),
  ListClusterImages: list(image),
  ListSpotAvailability: list(market),
  GetCurrentPrices: prices,
};
