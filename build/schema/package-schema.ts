/** The whole package schema as text, formatted as it is committed. */
import { format } from "prettier";
import ts from "typescript";
import type { PackageSchema } from "../../sdk/schema/package-schema";
import { readComponents, readPackage, type ProgramsSource, type SchemaSource } from "./package-reader";

export function generateSchema(source: SchemaSource): PackageSchema {
  const parts = readPackage(source);
  return {
    name: source.name,
    version: source.version,
    ...(source.displayName && { displayName: source.displayName }),
    ...(source.description && { description: source.description }),
    ...(source.publisher && { publisher: source.publisher }),
    ...(source.license && { license: source.license }),
    ...(source.keywords && { keywords: source.keywords }),
    language: {
      nodejs: { packageName: `pulumi-${source.name}`, respectSchemaVersion: true },
      python: { respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { respectSchemaVersion: true },
      csharp: { respectSchemaVersion: true },
    },
    config: parts.config,
    provider: parts.provider,
    types: sorted(parts.types),
    resources: sorted(parts.resources),
    functions: sorted(parts.functions),
  };
}

/** What components for programs in TypeScript alone take. */
export function generateComponentsSchema(source: ProgramsSource): PackageSchema {
  const { types, resources } = readComponents(source);
  return { name: source.name, types: sorted(types), resources: sorted(resources) };
}

export function formatSchema(schema: PackageSchema): Promise<string> {
  return format(JSON.stringify(schema), { parser: "json", printWidth: 120 });
}

/** The checkout's own compiler options. */
export function compilerOptions(configFile: string): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(configFile, (path) => ts.sys.readFile(path));
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ts.sys.getCurrentDirectory(), configFile).options;
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
