import * as pulumi from "../sdk/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config";
import type { KubernetesCluster } from "../components/cluster";
import type { Problems } from "../components/errors";
import { componentsSchema } from "../sdk/schema/committed";
import { isEnum, namedType, type PackageSchema, type PropertySpec } from "../sdk/schema/package-schema";

/** What the program knows of a cloud. */
export interface Cloud<Cluster extends KubernetesCluster = KubernetesCluster> {
  cluster(stack: string, config: pulumi.Config): Cluster;
  /** What is wrong with its config, and with how its account is said, for want of which nothing could be asked. */
  problems(stack: string, config: pulumi.Config): Problems;
}

interface Component<Args, Cluster> {
  readonly __pulumiType: string;
  new (name: string, args: Args): Cluster;
}

/** A cloud whose cluster is this component, by its own check of what it is given. */
export function cloudOf<Args extends object, Cluster extends KubernetesCluster>(
  component: Component<Args, Cluster>,
  check: (name: string, args: Args, options: undefined) => Problems,
): Cloud<Cluster> {
  const type = component.__pulumiType;
  return {
    cluster: (stack, config) => new component(stack, inputsOf<Args>(config, type)),
    problems(stack, config) {
      const problems = check(stack, inputsOf<Args>(config, type), undefined);
      checkSecretKeys(config, type, problems);
      checkPathKeys(config, problems);
      return problems;
    },
  };
}

/**
 * The config of a stack as the arguments of a component: each key is an input, and `cloud` says which component it is; `services` are components
 * of their own. What is no input, or of another type, is left for the component to refuse, with everything else that is wrong.
 */
function inputsOf<Args extends object>(config: pulumi.Config, type: string): Args {
  const schema = componentsSchema();
  const inputs = schema.resources![type]!.inputProperties!;
  const entries = inputKeys(config).map((key) => {
    const spec = Object.hasOwn(inputs, key) ? inputs[key] : undefined;
    // The component makes it a secret, and checks it with the rest: of an Output it would see nothing.
    if (spec?.secret) return [key, runtimeConfig.allConfig()[`${config.name}:${key}`]];
    const value = valueOf(config.get(key)!, kindOf(schema, spec));
    return [key, spec && !spec.plain && isSecret(config, key) ? pulumi.secret(value) : value];
  });
  return Object.fromEntries(entries) as Args;
}

/** What the config keeps as a secret, and a cluster must know as its program runs: it would stand in the state in plain text. */
function checkSecretKeys(config: pulumi.Config, type: string, problems: Problems): void {
  const inputs = componentsSchema().resources![type]!.inputProperties!;
  for (const key of inputKeys(config))
    if (inputs[key]?.plain && isSecret(config, key))
      problems.add(
        key,
        "is a secret in the stack's config, and the state would show it, because it must be known when the program runs: set it without --secret; in a program of your own, values in it may be secrets",
      );
}

/** `pulumi config set` takes a path for one key's name, unless it is told that it is one. */
function checkPathKeys(config: pulumi.Config, problems: Problems): void {
  for (const key of configKeys(config).filter(isPath))
    problems.add(
      key,
      `is a path, and the config has it as one key's name: pulumi config rm '${config.name}:${key}', and set it with --path ` +
        `(pulumi config set --path '${config.name}:${key}' …)`,
    );
}

function isPath(key: string): boolean {
  return /[.[]/.test(key);
}

function inputKeys(config: pulumi.Config): string[] {
  return configKeys(config).filter((key) => key !== "cloud" && key !== "services" && !isPath(key));
}

function configKeys({ name }: pulumi.Config): string[] {
  const prefix = `${name}:`;
  const keys = Object.keys(runtimeConfig.allConfig()).filter((key) => key.startsWith(prefix));
  return keys.map((key) => key.slice(prefix.length));
}

/** The SDK has it for its own use, and no other way to learn it without making a secret of everything. */
function isSecret({ name }: pulumi.Config, key: string): boolean {
  const { isConfigSecret } = runtimeConfig as unknown as { isConfigSecret(key: string): boolean };
  return isConfigSecret(`${name}:${key}`);
}

/** An object or a list of the config; what is none comes as its text, for its own check to refuse. */
export function structureOf(config: pulumi.Config, key: string): unknown {
  const text = config.get(key);
  return text === undefined ? undefined : valueOf(text, "structure");
}

type Kind = "text" | "number" | "boolean" | "structure";

function kindOf(schema: PackageSchema, spec: PropertySpec | undefined): Kind {
  const named = spec && namedType(schema, spec);
  if (named) return isEnum(named) ? "text" : "structure";
  if (spec?.type === "integer" || spec?.type === "number") return "number";
  if (spec?.type === "boolean") return "boolean";
  return spec?.type === "array" || spec?.type === "object" ? "structure" : "text";
}

/** The engine hands all values over as texts, lists and objects as JSON. */
function valueOf(text: string, kind: Kind): unknown {
  if (kind === "text") return text;
  if (kind === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
