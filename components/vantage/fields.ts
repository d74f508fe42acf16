/** The request's fields by kind. Pure. */
import type { Fields } from "../fields";

export const requestFields: Fields = {
  name: "string",
  description: "string",
  cloud_account_id: "int",
  cluster_type: "string",
  "secret?": "string",
  settings: "object",
};

export const taintFields: Fields = { key: "string", "value?": "string", effect: "string" };

const bounds: Fields = { role: "string", min_size: "int", max_size: "int", "labels?": "labels" };

export const settingsFields = {
  aws: {
    "region_name?": "string",
    key_pair: "string",
    "control_plane_instance_type?": "string",
    "vpc_id?": "string",
    "subnet_id?": "string",
    "autoscaler_node_groups?": "objects",
    "integrations?": "strings",
  },
  cudo: {
    "autoscaler_node_groups?": "objects",
    "control_plane_size?": "string",
    "instance_type?": "string",
    "ssh_public_key?": "string",
    "dev_mode?": "bool",
    "no_vault?": "bool",
  },
} as const satisfies Record<string, Fields>;

export const groupFields = {
  aws: { name: "string", ...bounds, instance_types: "strings", "taints?": "objects", "allocation_strategy?": "string" },
  cudo: {
    id: "string",
    ...bounds,
    vcpus: "int",
    memory_gib: "int",
    boot_disk_size_gib: "int",
    data_center_id: "string",
    machine_type: "string",
    "gpus?": "int",
    "gpu_model?": "string",
  },
} as const satisfies Record<string, Fields>;
