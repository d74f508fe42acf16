/** The stand-in as a plugin process. */
import { runPlugin } from "../../provider/server/plugin-process";
import { StandInServer } from "../server/server";
import { awsStandIn } from "./stand-in";

void runPlugin(new StandInServer(awsStandIn), process.argv.slice(2));
