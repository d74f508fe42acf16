import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { accounts } from "./mocks";

interface Project {
  config: Record<string, { default: unknown }>;
}

interface Stack {
  config: Record<string, unknown>;
}

const read = (file: string) => parse(readFileSync(join(__dirname, "../..", file), "utf8")) as unknown;

/** Configuration of one of this package's stacks as the engine hands it to the program: with the defaults of Pulumi.yaml. */
export function stackConfig(stack: string, more: Record<string, unknown> = {}, secrets: string[] = []): pulumi.Config {
  const { config } = read("Pulumi.yaml") as Project;
  const defaults = Object.entries(config).map(([key, property]) => [`pulumi-gpu-clusters:${key}`, property.default]);
  const shown = (read(`Pulumi.${stack}.yaml`) as Stack).config;
  const given = { ...(Object.fromEntries(defaults) as object), ...shown, ...more } as Record<string, unknown>;
  // Where the configuration leaves out a key, the environment has it.
  const keys = Object.entries(accounts).map(([key, account]) => [key, { ...account, ...(given[key] as object) }]);
  const values = { ...given, ...(Object.fromEntries(keys) as object) };
  const texts = Object.entries(values).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    secrets.map((key) => `pulumi-gpu-clusters:${key}`),
  );
  return new pulumi.Config("pulumi-gpu-clusters");
}
