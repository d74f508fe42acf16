/** The clouds of the simulator. Nothing else in it names them but their own rooms. */
import { openAws, type AwsOptions } from "./aws/entry";
import { openCudo, type CudoOptions } from "./cudo/entry";
import { openMithril, type MithrilOptions } from "./mithril/entry";

export const clouds = { aws: openAws, cudo: openCudo, mithril: openMithril };

export type CloudName = keyof typeof clouds;
export type CloudOptions = AwsOptions & CudoOptions & MithrilOptions;
type Opened<N extends CloudName> = Awaited<ReturnType<(typeof clouds)[N]>>;

/** What a client of each cloud needs. */
export type Accesses = { readonly [N in CloudName]: ReturnType<Opened<N>["access"]> };
/** What exists in each cloud, without secrets. */
export type CloudContents = { [N in CloudName]: Awaited<ReturnType<Opened<N>["contents"]>> };
/** Clouds whose API the simulator's own server answers: faults of the traffic are theirs. */
export type ServedCloud = { [N in CloudName]: Opened<N> extends { api: object } ? N : never }[CloudName];
/** Troubles of each cloud that has some. */
export type CloudConditions = {
  [N in CloudName as Opened<N> extends { conditions: object } ? N : never]: Opened<N> extends {
    conditions: { current(): infer C };
  }
    ? C
    : never;
};
