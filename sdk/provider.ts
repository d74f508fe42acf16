/**
 * The table of all that the plugin serves. A room is loaded when the program first names something in it: a program pays for the
 * clouds that it uses. Add a resource here, and `npm run generate` finds its schema.
 */
import { packageVersion, pluginName } from "./plugin/package";
import type { CheckFailure, ProviderDefinition } from "./plugin/resource";
import { readSchemaFile } from "./plugin/schema-file";
import { checkCudoConfig } from "./cudo/config";

export const provider: ProviderDefinition = {
  name: pluginName,
  version: packageVersion,
  schema: readSchemaFile,
  checkConfig(given) {
    const failures: CheckFailure[] = [];
    const cudo = checkCudoConfig((given.cudo ?? {}) as Record<string, unknown>);
    failures.push(...cudo.failures);
    return { config: { cudo: cudo.config }, failures };
  },
  replacingConfig: ["cudo.projectId"],
  resources: {},
  functions: {},
  components: {},
};
