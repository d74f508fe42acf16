import type * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";

/**
 * Where servers are looked after. BareMetalHosts are one, and a BareMetalInventory of vMetal is.
 * @handle
 */
export interface InventoryPlace {
  /** The cluster of who claims servers: vCluster Platform, or Cluster API. */
  cluster: KubernetesCluster;
  /** The cluster that Metal3 runs in, where that is another. Default: `cluster`. */
  metal3Cluster?: KubernetesCluster | undefined;
  /** Namespace of the BareMetalHosts. */
  namespace: pulumi.Input<string>;
}

/** What a server is written with. */
export interface MachineImageArgs {
  /** Where servers fetch it: `https://images.example.com/ubuntu-24.04.qcow2`. */
  url: string;
  /** Of the image: hexadecimal, or the URL of a file with it. */
  checksum: string;
  /** Default: told by the checksum's length. */
  checksumType?: "md5" | "sha256" | "sha512";
}

/** What a disk must be, all of it. */
export interface RootDeviceHintsArgs {
  /** `/dev/disk/by-path/…`, or `/dev/sda`, which may be another disk at the next boot. */
  deviceName?: string;
  serialNumber?: string;
  /**
   * In GB.
   * @integer
   */
  minSizeGigabytes?: number;
  /** `false`: no hard disk. */
  rotational?: boolean;
}

/** A server. */
export interface BareMetalHostArgs {
  /** Up to 63 characters, no UUID. */
  name: string;
  /** Its management controller, by which Metal3 turns it on and off and writes it. */
  bmc: {
    /** `redfish-virtualmedia://10.0.0.10/redfish/v1/Systems/1`, for example. Metal3 takes another one only while it does not know the host yet. */
    address: string;
    /** @secret */
    username: pulumi.Input<string>;
    /**
     * @secret
     */
    password: pulumi.Input<string>;
    /** Takes any certificate of the BMC. Default: `false`. */
    disableCertificateVerification?: boolean;
  };
  /** Of the network card that it boots by: `aa:bb:cc:dd:ee:01`. It stays for the host's life. */
  bootMacAddress: string;
  /** Default: Metal3's own, `UEFI`. */
  bootMode?: "UEFI" | "UEFISecureBoot" | "legacy";
  /** Which disk the system is written to: `{ minSizeGigabytes: 400 }`. Default: Metal3 chooses. */
  rootDeviceHints?: RootDeviceHintsArgs;
  /** What node types choose by. */
  labels?: Record<string, string>;
}

export interface BareMetalHostsArgs {
  /** The cluster that Metal3 and Cluster API run in. */
  cluster: KubernetesCluster;
  /** Namespace that is made for the hosts, and for the clusters that they are given to. Default: the resource's name. */
  namespace?: string;
  /** The servers, each of which Metal3 inspects first. */
  hosts: BareMetalHostArgs[];
  /**
   * How long to wait for each host, which is inspected first, and until it is gone, in minutes. Default: 60.
   * @integer
   */
  timeoutMinutes?: number;
}
