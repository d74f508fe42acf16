import * as pulumi from "../sdk/pulumi";
import { committedSchema } from "../sdk/schema/committed";

/**
 * A component's arguments as the engine gets them, for policies, previews and the state: what the schema calls secret is one there, however the
 * program gives it.
 */
export function engineInputs(type: string, args: object): pulumi.Inputs {
  const { inputProperties = {} } = committedSchema().resources![type]!;
  return Object.fromEntries(
    Object.entries(args).map(([key, value]: [string, unknown]) => [
      key,
      inputProperties[key]?.secret && value !== undefined ? pulumi.secret(value) : value,
    ]),
  );
}
