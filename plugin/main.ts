/** The plugin's executable; bundled by build/bundle.ts. */
import { provider } from "./provider";
import { letFetchGoByProxies } from "../provider/cloud/proxy";
import { serve } from "../provider/server/serve";
import { waitForSlowNetworks } from "../sdk/slow-networks";

waitForSlowNetworks();

void letFetchGoByProxies().then(() => serve(provider, process.argv.slice(2)));
