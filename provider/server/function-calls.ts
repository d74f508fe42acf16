import type { Operations } from "./operations";
import { schemaSecrets, type PackageSchema } from "../../sdk/schema/package-schema";
import { InvalidArguments, type CheckFailure, type ProviderConfig, type ProviderDefinition } from "./resource";
import { validate } from "../../sdk/schema/validation";
import { isUnknown } from "./values";
import type { Properties, WireValues } from "./wire";

/** Provider functions: arguments checked against the schema, secret results marked. */
export class FunctionCalls {
  constructor(
    private readonly definition: ProviderDefinition,
    private readonly schema: PackageSchema,
    private readonly operations: Operations,
    private readonly config: ProviderConfig,
  ) {}

  async invoke(token: string, args: WireValues): Promise<{ result?: WireValues; failures: CheckFailure[] }> {
    const load = this.definition.functions[token];
    const spec = this.schema.functions?.[token];
    if (!load || !spec) throw new Error(`${this.definition.name} ${this.definition.version} has no function ${token}`);
    const { values, failures } = validate(this.schema, spec.inputs ?? {}, args.values, isUnknown);
    if (failures.length > 0) return { failures };
    const handler = await load();
    try {
      const result = (await this.operations.run(token.split(":").at(-1)!, undefined, (signal) =>
        handler.invoke(values, { signal, config: this.config }),
      )) as Properties;
      const secrets = schemaSecrets(this.schema, spec.outputs?.properties ?? {}, result);
      return { result: { values: result, secrets }, failures: [] };
    } catch (error) {
      if (error instanceof InvalidArguments) return { failures: error.failures };
      throw error;
    }
  }
}
