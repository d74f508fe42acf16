/** Checks the types of what pages and docstrings show against the package as it is installed. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { given, moduleOf, snippets } from "./snippets";

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts"],
  types: [],
  strict: true,
  noEmit: true,
};

export interface Checked {
  /** Entry points by the name of what they export. */
  readonly entries: ReadonlyMap<string, readonly string[]>;
  /** By the place of what is shown. */
  readonly problems: readonly string[];
}

/** `program` has the package in its node_modules; `folder`, below it, is for what is checked. */
export async function typeCheck(program: string, folder: string): Promise<Checked> {
  const manifest = await readFile(join(program, "node_modules/pulumi-gpu-clusters/package.json"), "utf8");
  const paths = Object.keys((JSON.parse(manifest) as { exports: object }).exports);
  const modules = paths.filter((path) => !path.endsWith(".json")).map((path) => `pulumi-gpu-clusters${path.slice(1)}`);
  const all = join(folder, "all.ts");
  await writeFile(all, modules.map((module, index) => `export * as entry${index} from "${module}";`).join("\n"));
  const whole = ts.createProgram([all], options);
  const entries = exportsOf(whole, all);

  const shown = snippets();
  assert.ok(shown.length > 20, `only ${shown.length} found: this would prove nothing`);
  const files = shown.map((_, index) => join(folder, `${index}.ts`));
  await Promise.all(shown.map((snippet, index) => writeFile(files[index]!, moduleOf(snippet, entries))));
  const givenFile = join(folder, "given.ts");
  await writeFile(givenFile, given);
  const checked = ts.createProgram([givenFile, ...files], options, undefined, whole);
  const problems = [givenFile, ...files].flatMap((file, index) => {
    const source = checked.getSourceFile(file);
    const found = [...checked.getSyntacticDiagnostics(source), ...checked.getSemanticDiagnostics(source)];
    const where = shown[index - 1]?.where ?? "what is given";
    return found.map(({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  });
  return { entries, problems };
}

function exportsOf(program: ts.Program, file: string): Map<string, string[]> {
  const checker = program.getTypeChecker();
  const entries = new Map<string, string[]>();
  for (const statement of program.getSourceFile(file)!.statements) {
    const module = (statement as ts.ExportDeclaration).moduleSpecifier as ts.StringLiteral;
    const symbol = checker.getSymbolAtLocation(module);
    assert.ok(symbol, `${module.text} leads nowhere`);
    for (const { name } of checker.getExportsOfModule(symbol))
      entries.set(name, [...(entries.get(name) ?? []), module.text]);
  }
  return entries;
}
