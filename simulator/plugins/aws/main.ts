/** The stand-in as a plugin process. */
import { runPlugin } from "../../../sdk/plugin/plugin-process";
import { StandInServer } from "../stand-in/server";
import { awsStandIn } from "./stand-in";

void runPlugin(new StandInServer(awsStandIn), process.argv.slice(2));
