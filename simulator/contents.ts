/** What a simulator holds at one moment. */
import type { AwsContents } from "./aws/client";
import type { CudoSummary } from "./cudo/summary";
import type { MithrilSummary } from "./mithril/summary";
import type { MachineSummary } from "./rental";

/** Everything that exists, without secrets: what `GET /_simulator/state` answers. */
export interface SimulatorContents {
  cudo: CudoSummary;
  mithril: MithrilSummary;
  /** Once it has been asked for. */
  aws?: AwsContents;
  machines: MachineSummary[];
}
