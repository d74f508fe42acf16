/** The plugin's executable; bundled by toolchain/build/bundle.ts. */
import { provider } from "../provider";
import { serve } from "./serve";

void serve(provider, process.argv.slice(2));
