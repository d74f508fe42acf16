/** The stand-in as a plugin process. */
import { runPlugin } from "../../provider/server/plugin-process";
import { StandInServer } from "../server/server";
import { commandStandIn } from "./stand-in";

void runPlugin(new StandInServer(commandStandIn), process.argv.slice(2));
