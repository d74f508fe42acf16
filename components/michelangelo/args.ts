import type * as pulumi from "../../sdk/pulumi";
import type { ControllerManagerArgs, SkuArgs } from "../../sdk/michelangelo";
import type { KubernetesCluster } from "../cluster";

/** Keys of an account of the storage alone: whoever may read ConfigMaps of `default` in the compute cluster sees them. */
export interface StorageCredentialsArgs {
  /** Of the account, as it is given to clients of S3. */
  accessKeyId: pulumi.Input<string>;
  /**
   * @secret
   */
  secretAccessKey: pulumi.Input<string>;
}

/** The object storage of Michelangelo's control plane, as Ray's pods reach it. */
export interface ComputeStorageArgs {
  /** `s3://bucket`, with a path or without. */
  fileSystem: pulumi.Input<string>;
  /** Of a storage besides AWS's own, for example `https://s3.example.com`. Default: AWS's. */
  endpoint?: pulumi.Input<string>;
  /** Michelangelo hands them to its pods in a ConfigMap. Default: none, because the pods have an identity of their own. */
  credentials?: StorageCredentialsArgs;
}

export interface TokenRotationArgs {
  /**
   * Age at which `pulumi up` replaces the token, in Go's notation, at least an hour: `720h`.
   */
  every: string;
}

export interface ComputeClusterArgs {
  /** Where Ray jobs are to run: any cluster of this package, or `ExistingCluster`. Its pods get GPUs from a device plugin, as by default. */
  cluster: KubernetesCluster;
  /** The cluster in which Michelangelo runs, mostly an `ExistingCluster`. */
  controlPlane: KubernetesCluster;
  /**
   * Name in Michelangelo, by which jobs choose the cluster (`michelangelo/cluster-affinity`): 1 to 63 lower-case letters, digits and hyphens.
   * Another name is another registration. Default: the cluster's; of an `ExistingCluster` the name that its context had at first.
   */
  clusterName?: pulumi.Input<string>;
  /** What Ray jobs read and write. */
  storage: ComputeStorageArgs;
  /**
   * `https://host:port` at which the control plane reaches the compute cluster, whose certificate must name that host. On Cudo a certificate may not
   * name the public address, which `pulumi up` then says. Default: that of the cluster's kubeconfig.
   */
  apiServer?: pulumi.Input<string>;
  /** As Michelangelo's Cluster is to have it. Default: left out there. */
  region?: pulumi.Input<string>;
  /** As Michelangelo's Cluster is to have it. Default: left out there. */
  zone?: pulumi.Input<string>;
  /** Default: none, as for AWS, for which Michelangelo has no word. */
  dataCenter?: "onPremises" | "gcp" | "oci";
  /** As Michelangelo's Cluster is to have it. Default: left out there. */
  serviceLevel?: "production" | "ephemeral";
  /** What nodes there are, for people: Michelangelo's scheduler does not look at it. Default: none. */
  skus?: pulumi.Input<pulumi.Input<SkuArgs>[]>;
  /**
   * KubeRay's operator, in `ray-system`. `false`: it is in the cluster already.
   * Default: `true`, in the version that Michelangelo itself uses (1.4.2).
   */
  kubeRay?: boolean;
  /**
   * Deployment of Michelangelo's controller manager, restarted where it has an older token in memory.
   * Default: nothing is restarted; an error says when that is needed.
   */
  controllerManager?: ControllerManagerArgs;
  /** Default: the token stays. */
  rotation?: TokenRotationArgs;
  /**
   * How long to wait for Michelangelo to use the cluster, and to let it go, in minutes.
   * Default: 5.
   * @integer
   */
  timeoutMinutes?: number;
}
