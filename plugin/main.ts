/** The plugin's executable; bundled by build/bundle.ts. */
import { provider } from "./provider";
import { serve } from "../provider/server/serve";

void serve(provider, process.argv.slice(2));
