/** Reads resources, components, functions and provider configuration out of the package's own TypeScript. */
import ts from "typescript";
import type {
  FunctionSpec,
  ObjectSpec,
  PackageSchema,
  PropertySpec,
  ResourceSpec,
} from "../../sdk/schema/package-schema";
import { documentationOf } from "./documentation";
import { SchemaError } from "./schema-error";
import { allowsAbsence, TypeTranslation } from "./type-translation";

export interface SchemaSource {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** What the registry and generators of other languages' packages want besides. */
  readonly displayName?: string;
  readonly publisher?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  /** Files whose exports the package offers. */
  readonly entryPoints: readonly string[];
  readonly compilerOptions: ts.CompilerOptions;
  roomOf(fileName: string): string;
}

/** What programs in TypeScript alone have: arguments of its components, in which resources may be. */
export type ProgramsSource = Pick<SchemaSource, "name" | "entryPoints" | "compilerOptions" | "roomOf">;

export type PackageParts = Required<Pick<PackageSchema, "config" | "provider" | "types" | "resources" | "functions">>;

export function readPackage(source: SchemaSource): PackageParts {
  const program = ts.createProgram([...source.entryPoints], { ...source.compilerOptions, noEmit: true });
  return new PackageReader(program.getTypeChecker(), source).read(program);
}

export function readComponents(source: ProgramsSource): Pick<PackageParts, "types" | "resources"> {
  const program = ts.createProgram([...source.entryPoints], { ...source.compilerOptions, noEmit: true });
  const reader = new PackageReader(program.getTypeChecker(), source, { takesHandles: true });
  const { types, resources } = reader.read(program);
  return { types, resources };
}

class PackageReader {
  private readonly translation: TypeTranslation;
  private readonly resources: Record<string, ResourceSpec> = {};
  private readonly functions: Record<string, FunctionSpec> = {};
  private readonly variables: Record<string, PropertySpec> = {};

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly source: ProgramsSource,
    private readonly options: { takesHandles?: boolean } = {},
  ) {
    this.translation = new TypeTranslation({
      checker,
      packageName: source.name,
      roomOf: source.roomOf,
      takesHandles: options.takesHandles,
    });
  }

  read(program: ts.Program): PackageParts {
    for (const entryPoint of this.source.entryPoints) {
      const file = program.getSourceFile(entryPoint);
      const module = file && this.checker.getSymbolAtLocation(file);
      for (const symbol of module ? this.checker.getExportsOfModule(module) : []) this.declaration(symbol);
    }
    const { variables } = this;
    return {
      config: { variables },
      provider: { inputProperties: variables },
      types: this.translation.types,
      resources: this.resources,
      functions: this.functions,
    };
  }

  private declaration(exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(exported) : exported;
    for (const declaration of symbol.declarations ?? []) {
      if (ts.isClassDeclaration(declaration)) this.classDeclaration(declaration);
      else if (this.options.takesHandles) continue;
      else if (ts.isFunctionDeclaration(declaration)) this.functionDeclaration(declaration);
      else if (ts.isInterfaceDeclaration(declaration)) this.configDeclaration(declaration);
    }
  }

  private classDeclaration(declaration: ts.ClassDeclaration): void {
    const token = typeToken(declaration);
    if (token === undefined) return;
    const bases = this.baseNames(declaration);
    const isComponent = bases.includes("ComponentResource");
    if (!isComponent && !bases.includes("CustomResource")) {
      throw new SchemaError(
        declaration,
        "a class with __pulumiType must extend pulumi.CustomResource or pulumi.ComponentResource",
      );
    }
    const { takesHandles } = this.options;
    // The package's own schema has the others.
    if (takesHandles && !isComponent) return;
    const { description, deprecationMessage } = documentationOf(declaration);
    const inputs = this.translation.object(this.argsOf(declaration));
    const taken = {
      inputProperties: inputs.properties ?? {},
      ...(inputs.required && { requiredInputs: inputs.required }),
    };
    if (takesHandles) {
      this.resources[token] = { isComponent, ...taken };
      return;
    }
    const properties: Record<string, PropertySpec> = {};
    const required: string[] = [];
    for (const member of declaration.members) {
      if (!ts.isPropertyDeclaration(member) || !isPublicInstance(member)) continue;
      if (!member.type) throw new SchemaError(member, "needs a written type");
      // A provider or another resource is for programs in this language; it cannot travel as a value.
      if (this.isResource(member.type)) continue;
      if (!isOutput(member.type))
        throw new SchemaError(member, "a public property of a resource must be a pulumi.Output");
      const name = member.name.getText();
      properties[name] = this.translation.property(member, member.type);
      if (!allowsAbsence(member.type)) required.push(name);
    }
    this.resources[token] = {
      ...(description && { description }),
      ...(deprecationMessage && { deprecationMessage }),
      ...(isComponent && { isComponent }),
      ...taken,
      properties,
      ...(required.length > 0 && { required: required.sort() }),
    };
  }

  private argsOf(declaration: ts.ClassDeclaration): ts.InterfaceDeclaration {
    const constructor = declaration.members.find(ts.isConstructorDeclaration);
    const args = constructor?.parameters[1];
    if (!args?.type) throw new SchemaError(declaration, "needs a constructor (name, args, options)");
    return this.interfaceOf(args.type);
  }

  private functionDeclaration(declaration: ts.FunctionDeclaration): void {
    const documentation = documentationOf(declaration);
    const token = documentation.tag("pulumiFunction");
    if (token === undefined || this.functions[token]) return;
    const [args] = declaration.parameters;
    if (!args?.type || !declaration.type)
      throw new SchemaError(declaration, "a function needs typed arguments and a written result");
    this.functions[token] = {
      ...(documentation.description && { description: documentation.description }),
      ...(documentation.deprecationMessage && { deprecationMessage: documentation.deprecationMessage }),
      inputs: withoutDescription(this.translation.object(this.interfaceOf(args.type))),
      outputs: withoutDescription(this.translation.object(this.interfaceOf(declaration.type))),
    };
  }

  private configDeclaration(declaration: ts.InterfaceDeclaration): void {
    const documentation = documentationOf(declaration);
    const key = documentation.tag("providerConfig");
    if (key === undefined) return;
    const reference = this.translation.interface(declaration);
    this.variables[key] = {
      ...(documentation.description && { description: documentation.description }),
      ...reference,
    };
  }

  /** The interface that a parameter or a result is of, through `Promise`, `Output` and `| undefined`. */
  private interfaceOf(node: ts.TypeNode): ts.InterfaceDeclaration {
    if (ts.isUnionTypeNode(node)) return this.interfaceOf(node.types.find(ts.isTypeReferenceNode) ?? node.types[0]!);
    if (ts.isTypeReferenceNode(node)) {
      if (node.typeArguments?.length === 1) return this.interfaceOf(node.typeArguments[0]!);
      const declaration = this.resolve(node.typeName)?.declarations?.find(ts.isInterfaceDeclaration);
      if (declaration) return declaration;
    }
    throw new SchemaError(node, `must be an interface, not ${node.getText()}`);
  }

  private resolve(name: ts.EntityName | ts.Expression): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(name);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }

  private isResource(node: ts.TypeNode): boolean {
    if (!ts.isTypeReferenceNode(node)) return false;
    const declaration = this.resolve(node.typeName)?.declarations?.find(ts.isClassDeclaration);
    return declaration !== undefined && this.baseNames(declaration).some((name) => name.endsWith("Resource"));
  }

  /** Names of all the classes that this one extends. */
  private baseNames(declaration: ts.ClassDeclaration): string[] {
    const clause = declaration.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const expression = clause?.types[0]?.expression;
    if (!expression) return [];
    const base = this.resolve(expression)?.declarations?.find(ts.isClassDeclaration);
    const name = expression.getText().split(".").at(-1)!;
    return base ? [name, ...this.baseNames(base)] : [name];
  }
}

function typeToken(declaration: ts.ClassDeclaration): string | undefined {
  for (const member of declaration.members) {
    if (!ts.isPropertyDeclaration(member) || member.name.getText() !== "__pulumiType") continue;
    if (member.initializer && ts.isStringLiteralLike(member.initializer)) return member.initializer.text;
    throw new SchemaError(member, 'must be a string literal such as "gpu-clusters:cudo:Vm"');
  }
  return undefined;
}

function isPublicInstance(member: ts.PropertyDeclaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static;
  return !ts.isPrivateIdentifier(member.name) && (ts.getCombinedModifierFlags(member) & hidden) === 0;
}

function isOutput(node: ts.TypeNode): boolean {
  return ts.isTypeReferenceNode(node) && /(^|\.)Output$/.test(node.typeName.getText());
}

function withoutDescription({ description: _, ...object }: ObjectSpec): ObjectSpec {
  return object;
}
