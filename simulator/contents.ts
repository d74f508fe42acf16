import type { CloudContents } from "./clouds";
import type { MachineSummary } from "./rental";

/** Everything that exists at one moment, without secrets: what `GET /_simulator/state` answers. */
export interface SimulatorContents extends CloudContents {
  machines: MachineSummary[];
}
