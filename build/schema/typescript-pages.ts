/** What programs in TypeScript alone have, as a page for people: exported classes, what they take, and functions. */
import ts from "typescript";
import { documentationOf } from "./documentation";

export interface EntryPoint {
  /** As programs import it. */
  readonly name: string;
  readonly file: string;
}

interface Named {
  readonly title: string;
  readonly text: string;
}

export function typescriptPage(entryPoints: readonly EntryPoint[], options: ts.CompilerOptions): string {
  const files = entryPoints.map(({ file }) => file);
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const parts = entryPoints.flatMap(({ name, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const declarations = checker.getExportsOfModule(module).flatMap((symbol) => declarationsOf(symbol, checker));
    // What a class takes stands with it.
    const taken = new Set<ts.Declaration>(
      declarations.flatMap((declaration) => argumentsOf(declaration, checker) ?? []),
    );
    const sections = declarations
      .filter((declaration) => !taken.has(declaration))
      .flatMap((declaration) => section(declaration, name, checker) ?? []);
    return sections.sort((a, b) => a.title.localeCompare(b.title)).map(({ text }) => text);
  });
  const head = ["<!-- Written by `npm run generate` from the docstrings. -->", "# Only in TypeScript"];
  return [...head, ...parts].join("\n\n") + "\n";
}

function declarationsOf(exported: ts.Symbol, checker: ts.TypeChecker): readonly ts.Declaration[] {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  return symbol.declarations ?? [];
}

function section(declaration: ts.Declaration, entryPoint: string, checker: ts.TypeChecker): Named | undefined {
  const parts = partsOf(declaration, checker);
  if (parts === undefined) return undefined;
  const { kind, lists } = parts;
  const title = (declaration as ts.DeclarationStatement).name!.getText();
  const { description, tag } = documentationOf(declaration);
  const example = tag("example");
  const blocks = [
    `## ${title}`,
    `*${kind} of \`${entryPoint}\`*`,
    ...(description === undefined ? [] : [description]),
    ...(example === undefined ? [] : [`\`\`\`ts\n${example}\n\`\`\``]),
    ...lists.flatMap(([heading, items]) => (items.length > 0 ? [`**${heading}**`, items.join("\n")] : [])),
  ];
  return { title, text: blocks.join("\n\n") };
}

type Lists = readonly (readonly [heading: string, items: readonly string[]])[];

function partsOf(declaration: ts.Declaration, checker: ts.TypeChecker): { kind: string; lists: Lists } | undefined {
  if (ts.isClassDeclaration(declaration)) {
    const own = declaration.members.filter(ts.isPropertyDeclaration);
    const args = argumentsOf(declaration, checker);
    const isPublic = (member: ts.PropertyDeclaration) =>
      (ts.getCombinedModifierFlags(member) & notPublic) === 0 && !member.name.getText().startsWith("__");
    const outputs = own.filter(isPublic);
    const inputs = args === undefined ? [] : propertiesOf(args, checker);
    return {
      kind: "class",
      lists: [
        ["Inputs", inputs],
        ["Outputs", outputs.map(item)],
      ],
    };
  }
  if (ts.isInterfaceDeclaration(declaration)) {
    return { kind: "type", lists: [["Fields", propertiesOf(declaration, checker)]] };
  }
  if (ts.isFunctionDeclaration(declaration)) {
    const parameters = declaration.parameters.map((parameter) => parameter.getText()).join(", ");
    const signature = `\`(${parameters}) => ${declaration.type?.getText() ?? "void"}\``;
    return { kind: "function", lists: [["Signature", [signature]]] };
  }
  return undefined;
}

/** The interface of a resource's arguments. */
function argumentsOf(declaration: ts.Declaration, checker: ts.TypeChecker): ts.InterfaceDeclaration | undefined {
  if (!ts.isClassDeclaration(declaration)) return undefined;
  const type = declaration.members.find(ts.isConstructorDeclaration)?.parameters[1]?.type;
  const found = type && checker.getTypeAtLocation(type).symbol?.declarations?.find(ts.isInterfaceDeclaration);
  return found?.getSourceFile().isDeclarationFile ? undefined : found;
}

const notPublic = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static;

function propertiesOf(node: ts.Node, checker: ts.TypeChecker): string[] {
  const symbols = checker.getPropertiesOfType(checker.getTypeAtLocation(node));
  return symbols.flatMap(({ declarations: [member] = [] }) =>
    member && (ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) ? [item(member)] : [],
  );
}

function item(member: ts.PropertySignature | ts.PropertyDeclaration): string {
  const { description, secret, tag } = documentationOf(member);
  const preset = tag("default");
  const marks = [`\`${typeText(member.type)}\``, member.questionToken && "optional", secret && "secret"];
  const text = [description, preset && `Default: ${preset}`].filter(Boolean).join(" ").replace(/\s+/g, " ");
  return `- \`${member.name.getText()}\` (${marks.filter(Boolean).join(", ")})${text && `: ${text}`}`;
}

/** As it is written, without what says only that a value may come later. */
function typeText(type: ts.TypeNode | undefined): string {
  let text = (type?.getText() ?? "unknown").replace(/\s+/g, " ");
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(/pulumi\.(?:Input|Output)<([^<>]*(?:<[^<>]*>[^<>]*)*)>/g, "$1");
  }
  return text;
}
