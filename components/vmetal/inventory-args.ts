import type * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";

/** An operating system that servers are written with. */
export interface OsImageArgs {
  /** Name of the OSImage: for `osImage` of node types. */
  name: string;
  /** Default: its name. */
  displayName?: string;
  /** Where servers fetch it: `https://images.example.com/ubuntu-24.04.qcow2`. */
  url: string;
  /** Of the image: hexadecimal, or the URL of a file with it. */
  checksum: string;
  /** Default: told by the checksum's length. */
  checksumType?: "md5" | "sha256" | "sha512";
}

/** Servers that are alike. */
export interface NodeTypeArgs {
  /** For selectors of pools (`vcluster.com/node-type`): another one than all types of the platform have. */
  name: string;
  /** Default: its name. */
  displayName?: string;
  /** Labels that a host must have to be of the type: one at least, and hosts of no other type. */
  hostLabels: Record<string, string>;
  /** What a node offers, Kubernetes quantities by name, for dynamic pools: `{ cpu: "192", memory: "2Ti", "nvidia.com/gpu": "8" }`. */
  resources?: Record<string, string>;
  /** Name of the OSImage: one of `osImages`, or one that is there. */
  osImage: string;
  /** Further properties, as `metal3.vcluster.com/dns-servers`. */
  properties?: Record<string, string>;
}

/** A server. */
export interface BareMetalHostArgs {
  /** Up to 63 characters, no UUID. */
  name: string;
  bmc: {
    /** `redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1`, for example. Metal3 takes another one only while it does not know the host yet. */
    address: string;
    username: pulumi.Input<string>;
    /** Kept as a secret. */
    password: pulumi.Input<string>;
    /** Takes any certificate of the BMC. Default: `false`. */
    disableCertificateVerification?: boolean;
  };
  /** Of the network card that it boots by: `aa:bb:cc:dd:ee:01`. It stays for the host's life. */
  bootMacAddress: string;
  /** Default: Metal3's own, `UEFI`. */
  bootMode?: "UEFI" | "UEFISecureBoot" | "legacy";
  /** Which disk the system is written to: `{ minSizeGigabytes: 400 }`. Default: Metal3 chooses. */
  rootDeviceHints?: { deviceName?: string; serialNumber?: string; minSizeGigabytes?: number; rotational?: boolean };
  /** What node types choose by. */
  labels?: Record<string, string>;
}

export interface BareMetalInventoryArgs {
  /** The cluster that vCluster Platform runs in, and Metal3. */
  cluster: KubernetesCluster;
  /** The platform's own name of that cluster, as it is connected there. */
  connectedCluster: string;
  /** Name of the NodeProvider, for `autoNodes` of tenants. Default: the resource's. */
  providerName?: string;
  /** Namespace that is made for the hosts. Default: the provider's name. */
  namespace?: string;
  /** Has the platform install Metal3, which needs cert-manager, and what it boots servers by. Default: both are there already. */
  deploy?: { metal3?: boolean; dhcp?: boolean };
  osImages?: OsImageArgs[];
  nodeTypes: NodeTypeArgs[];
  hosts: BareMetalHostArgs[];
  /** How long to wait for each host, which is inspected first, and until it is gone, in minutes. Default: 60. */
  timeoutMinutes?: number;
}
