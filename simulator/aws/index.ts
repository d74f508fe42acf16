export { startAwsSimulator, type AwsSimulator, type AwsSimulatorOptions } from "./server";
export {
  AwsSimulatorClient,
  type AwsCallFault,
  type AwsCapacityFault,
  type AwsContents,
  type AwsObject,
  type AwsObjectKind,
  type AwsRequestRecord,
} from "./client";
export { defaultAwsTiming, type AwsTiming } from "./timing";
export { startAwsCloud, type AwsCloud } from "./cloud";
export type { StartScript, StartScriptContext } from "./instances";
export type { InstanceEvent } from "./moto-process";
