import type * as pulumi from "../pulumi";

/** What a taint does to pods that do not tolerate it. */
export type TaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

/** A taint of a group's nodes. */
export interface TaintArgs {
  /** For example `nvidia.com/gpu`. */
  key: pulumi.Input<string>;
  /** Default: none. */
  value?: pulumi.Input<string>;
  /** `NoSchedule`: no new pods. `PreferNoSchedule`: rather none. `NoExecute`: those that run there go, too. */
  effect: pulumi.Input<TaintEffect>;
}

/** A taint that nodes have. */
export interface Taint {
  /** For example `nvidia.com/gpu`. */
  key: string;
  /** Default: none. */
  value?: string;
  /** `NoSchedule`: no new pods. `PreferNoSchedule`: rather none. `NoExecute`: those that run there go, too. */
  effect: TaintEffect;
}
