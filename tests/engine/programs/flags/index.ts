import { mergeOptions } from "@pulumi/pulumi/resource";
import { registerResourceTransform } from "@pulumi/pulumi/runtime/stack";
import type { CudoNodeGroupArgs } from "../../../../components/cudo/args";
import { CudoCluster } from "../../../../components/cudo/cluster";
import * as pulumi from "../../../../sdk/pulumi";

const config = new pulumi.Config();

/** Options of Pulumi's by type of resource. */
type Wishes = Record<string, pulumi.CustomResourceOptions>;

/** As users write it: what it is not about, it leaves alone. */
const transformOf =
  (wishes: Wishes): pulumi.ResourceTransform =>
  ({ type, props, opts }) => {
    const wish = wishes[type];
    return wish && { props, opts: mergeOptions(opts, wish) };
  };

const ofStack = config.getObject<Wishes>("ofStack");
if (ofStack) registerResourceTransform(transformOf(ofStack));
const ofCluster = config.getObject<Wishes>("ofCluster");

const cluster = new CudoCluster(
  "test",
  {
    clusterName: "flags",
    noVault: true,
    cni: "none",
    controlPlane: { size: "sm" },
    nodeGroups: config.requireObject<CudoNodeGroupArgs[]>("nodeGroups"),
  },
  {
    ...config.getObject<pulumi.ComponentResourceOptions>("options"),
    ...(ofCluster && { transforms: [transformOf(ofCluster)] }),
  },
);

export const { status, kubeconfig, nodeGroups } = cluster;
