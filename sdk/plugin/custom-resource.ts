/**
 * What the resource classes of this package share, on the program's side. Nothing here is generated, and nothing calls a cloud.
 *
 * ```ts
 * export class Disk extends pulumi.CustomResource {
 *   static readonly __pulumiType = "gpu-clusters:cudo:Disk";
 *   public readonly state!: pulumi.Output<string>;
 *
 *   static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Disk {
 *     return new Disk(name, undefined, { ...options, id });
 *   }
 *   constructor(name: string, args: DiskArgs, options?: pulumi.CustomResourceOptions);
 *   constructor(name: string, args: DiskArgs | undefined, options?: pulumi.CustomResourceOptions) {
 *     super(Disk.__pulumiType, name, resourceProperties(args, { outputs: ["state"] }), resourceOptions(options));
 *   }
 * }
 * ```
 */
import { requireInputs } from "../resource-inputs";
import * as pulumi from "../pulumi";
import { ensurePluginInstalled } from "./install";
import { packageVersion } from "./package";

/** Names of properties, on the program's side. */
export interface ResourceShape<Args> {
  /** Arguments that are secret however the program gives them: those with `@secret` in their docstring. */
  readonly secrets?: readonly (keyof Args & string)[];
  /** All outputs of the class. One that is missing here and in the arguments stays `undefined`. */
  readonly outputs: readonly string[];
}

/** The properties to register a resource with: the arguments, and a place for each output. Undefined arguments belong to `get`. */
export function resourceProperties<Args extends object>(
  args: Args | undefined,
  { secrets = [], outputs }: ResourceShape<Args>,
): pulumi.Inputs {
  requireInputs(args);
  const properties: pulumi.Inputs = Object.fromEntries(outputs.map((key) => [key, undefined]));
  Object.assign(properties, args);
  for (const key of secrets) {
    if (args?.[key] !== undefined) properties[key] = pulumi.secret(args[key]);
  }
  return properties;
}

/** An output that a resource may not have, for which the state has null. */
export function optionalOutput<T>(output: pulumi.Output<T | undefined>): pulumi.Output<T | undefined> {
  return pulumi.output(output).apply((value) => value ?? undefined) as pulumi.Output<T | undefined>;
}

/** Asks for the plugin of this very version: another one may know other properties. */
export function resourceOptions(options: pulumi.CustomResourceOptions | undefined): pulumi.CustomResourceOptions {
  ensurePluginInstalled();
  return pulumi.mergeOptions({ version: packageVersion }, options);
}

/** Calls a function of the plugin, with arguments that are known. Secret results lose their mark: a promise cannot carry it. */
export function invokeFunction<Result>(
  token: string,
  args: pulumi.Inputs,
  options?: pulumi.InvokeOptions,
): Promise<Result> {
  ensurePluginInstalled();
  return pulumi.invoke(token, args, { version: packageVersion, ...options }) as Promise<Result>;
}
