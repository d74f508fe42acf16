import { runPlugin } from "./plugin-process";
import type { ProviderDefinition } from "./resource";
import { ProviderServer } from "./server";

/** Serves a definition as a plugin process. */
export function serve(definition: ProviderDefinition, argv: readonly string[]): Promise<void> {
  return runPlugin(new ProviderServer(definition), argv);
}
