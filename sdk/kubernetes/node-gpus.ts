import type * as pulumi from "../pulumi";

/** Devices of a node that pods ask for. */
export interface NodeGpusArgs {
  /**
   * Name of the resource.
   * @default "nvidia.com/gpu"
   */
  name?: pulumi.Input<string>;
  /**
   * Per node.
   * @integer
   */
  count: pulumi.Input<number>;
}
