/** The stand-in as a plugin process. */
import { runPlugin } from "../../../sdk/plugin/plugin-process";
import { KubernetesStandIn } from "./server";

void runPlugin(new KubernetesStandIn(), process.argv.slice(2));
