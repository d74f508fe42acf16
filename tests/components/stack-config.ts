import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

interface Project {
  config: Record<string, { default: unknown }>;
}

interface Stack {
  config: Record<string, unknown>;
}

const read = (file: string) => parse(readFileSync(join(__dirname, "../..", file), "utf8")) as unknown;

/** Configuration of one of this package's stacks as the engine hands it to the program: with the defaults of Pulumi.yaml. */
export function stackConfig(stack: string, more: Record<string, unknown> = {}): pulumi.Config {
  const { config } = read("Pulumi.yaml") as Project;
  const defaults = Object.entries(config).map(([key, property]) => [`pulumi-gpu-clusters:${key}`, property.default]);
  const shown = (read(`Pulumi.${stack}.yaml`) as Stack).config;
  const values = { ...(Object.fromEntries(defaults) as object), ...shown, ...more };
  const texts = Object.entries(values).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
  return new pulumi.Config("pulumi-gpu-clusters");
}
