/** The stand-in as a plugin process. */
import { runPlugin } from "../../../sdk/plugin/plugin-process";
import { StandInServer } from "../stand-in/server";
import { awsStandIn } from "./stand-in";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

void runPlugin(new StandInServer(awsStandIn), process.argv.slice(2));
