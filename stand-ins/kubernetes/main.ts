/** The stand-in as a plugin process. */
import { runPlugin } from "../../provider/server/plugin-process";
import { StandInServer } from "../server/server";
import { kubernetesStandIn } from "./stand-in";

void runPlugin(new StandInServer(kubernetesStandIn), process.argv.slice(2));
