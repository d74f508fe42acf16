/** TypeScript types as a Pulumi package schema says them. Named interfaces and string unions become types of the package. */
import { isDeepStrictEqual } from "node:util";
import ts from "typescript";
import type { EnumSpec, ObjectSpec, PropertySpec, TypeSpec } from "../../sdk/schema/package-schema";
import { constantDefault, documentationOf } from "./documentation";
import { SchemaError } from "./schema-error";

/** Wrappers that say nothing about the value. */
const TRANSPARENT = new Set(["Input", "Output", "OutputInstance", "Promise", "Readonly", "Unwrap"]);
const LISTS = new Set(["Array", "ReadonlyArray"]);
const ANY: TypeSpec = { $ref: "pulumi.json#/Any" };

const builtInTypes = new Map<ts.SyntaxKind, TypeSpec>([
  [ts.SyntaxKind.StringKeyword, { type: "string" }],
  [ts.SyntaxKind.BooleanKeyword, { type: "boolean" }],
  [ts.SyntaxKind.NumberKeyword, { type: "number" }],
  [ts.SyntaxKind.UnknownKeyword, ANY],
  [ts.SyntaxKind.AnyKeyword, ANY],
  [ts.SyntaxKind.ObjectKeyword, ANY],
]);

export interface TranslationOptions {
  readonly checker: ts.TypeChecker;
  readonly packageName: string;
  /** The module of a type token, `cudo` in `gpu-clusters:cudo:Vm`, by the file that declares it. */
  roomOf(fileName: string): string;
  /** For programs in this language alone: classes, and interfaces with `@handle`, are taken as anything, and what takes no Output is `plain`. */
  readonly takesHandles?: boolean | undefined;
}

export class TypeTranslation {
  readonly types: Record<string, ObjectSpec | EnumSpec> = {};
  private readonly declaredBy = new Map<string, ts.Node>();

  constructor(private readonly options: TranslationOptions) {}

  /** The properties of an interface, inherited ones too. */
  object(declaration: ts.InterfaceDeclaration | ts.TypeLiteralNode | ts.IntersectionTypeNode): ObjectSpec {
    const { checker } = this.options;
    const properties: Record<string, PropertySpec> = {};
    const required: string[] = [];
    for (const symbol of checker.getPropertiesOfType(checker.getTypeAtLocation(declaration))) {
      const member = symbol.declarations?.[0];
      if (!member || !(ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) || !member.type) {
        throw new SchemaError(member ?? declaration, `${symbol.name} is not a property with a type`);
      }
      properties[symbol.name] = this.property(member, member.type);
      if (!member.questionToken && !allowsAbsence(member.type)) required.push(symbol.name);
    }
    return {
      ...descriptionOf(declaration),
      type: "object",
      properties,
      ...(required.length > 0 && { required: required.sort() }),
    };
  }

  property(member: ts.PropertySignature | ts.PropertyDeclaration, type: ts.TypeNode): PropertySpec {
    const documentation = documentationOf(member);
    const spec: PropertySpec = this.type(type, documentation.integer);
    let { description } = documentation;
    if (documentation.default !== undefined) {
      const constant = constantDefault(member, documentation.default);
      if (constant !== undefined && spec.type !== "array" && spec.type !== "object") spec.default = constant;
      else description = [description, `Default: ${documentation.default}`].filter(Boolean).join("\n\n");
    }
    if (description) spec.description = description;
    if (documentation.deprecationMessage) spec.deprecationMessage = documentation.deprecationMessage;
    if (documentation.secret) spec.secret = true;
    if (documentation.replaceOnChanges) spec.willReplaceOnChanges = true;
    return spec;
  }

  /** A reference to the interface, which becomes a type of the package. */
  interface(declaration: ts.InterfaceDeclaration): TypeSpec {
    return this.named(declaration, declaration.name.text, () => this.object(declaration));
  }

  type(node: ts.TypeNode, integer = false): TypeSpec {
    const spec = this.shape(node, integer);
    return this.options.takesHandles && this.isPlain(node) ? { ...spec, plain: true } : spec;
  }

  /** No Output can be taken in its place. */
  private isPlain(node: ts.TypeNode): boolean {
    const type = this.options.checker.getTypeFromTypeNode(node);
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return false;
    return !(type.isUnion() ? type.types : [type]).some((member) => member.symbol?.name === "OutputInstance");
  }

  private shape(node: ts.TypeNode, integer: boolean): TypeSpec {
    const builtIn = builtInTypes.get(node.kind);
    if (builtIn) return integer && builtIn.type === "number" ? { type: "integer" } : { ...builtIn };
    if (ts.isParenthesizedTypeNode(node)) return this.shape(node.type, integer);
    if (ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.ReadonlyKeyword)
      return this.shape(node.type, integer);
    if (ts.isArrayTypeNode(node)) return { type: "array", items: this.type(node.elementType, integer) };
    if (ts.isTypeLiteralNode(node)) return this.literalObject(node, integer);
    if (ts.isIntersectionTypeNode(node)) return this.named(node, derivedName(node), () => this.object(node));
    if (ts.isTypeReferenceNode(node)) return this.reference(node, integer);
    if (ts.isUnionTypeNode(node)) return this.union(node, integer);
    return this.choice(node, undefined) ?? this.refuse(node);
  }

  private union(node: ts.UnionTypeNode, integer: boolean): TypeSpec {
    const present = node.types.filter((member) => !isAbsence(member));
    if (present.length === 1) return this.shape(present[0]!, integer);
    if (present.some((member) => ts.isTypeReferenceNode(member) && this.isHandle(this.declarationOf(member))))
      return { ...ANY };
    return this.choice(node, undefined) ?? this.refuse(node);
  }

  private declarationOf(node: ts.TypeReferenceNode): ts.Declaration {
    const { checker } = this.options;
    let symbol = checker.getSymbolAtLocation(node.typeName);
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
    const declaration = symbol?.declarations?.[0];
    if (!declaration) throw new SchemaError(node, `cannot find the type ${node.getText()}`);
    return declaration;
  }

  private isHandle(declaration: ts.Declaration): boolean {
    if (!this.options.takesHandles) return false;
    return ts.isClassDeclaration(declaration) || documentationOf(declaration).tag("handle") !== undefined;
  }

  private reference(node: ts.TypeReferenceNode, integer: boolean): TypeSpec {
    const name = (ts.isQualifiedName(node.typeName) ? node.typeName.right : node.typeName).text;
    const [first, second] = node.typeArguments ?? [];
    if (first && TRANSPARENT.has(name)) return this.shape(first, integer);
    if (first && LISTS.has(name)) return { type: "array", items: this.type(first, integer) };
    if (first && second && name === "Record")
      return { type: "object", additionalProperties: this.type(second, integer) };
    if (name === "ID" || name === "URN") return { type: "string" };

    const declaration = this.declarationOf(node);
    if (this.isHandle(declaration)) return { ...ANY };
    if (ts.isInterfaceDeclaration(declaration)) {
      // Date, Map and the like are interfaces too.
      const isStandard = /[\\/]typescript[\\/]lib[\\/]/.test(declaration.getSourceFile().fileName);
      if (isStandard || declaration.typeParameters) this.refuse(node);
      return this.interface(declaration);
    }
    if (ts.isTypeAliasDeclaration(declaration)) {
      if (ts.isTypeLiteralNode(declaration.type) && !indexSignatureOf(declaration.type)) {
        const literal = declaration.type;
        return this.named(declaration, declaration.name.text, () => ({
          ...this.object(literal),
          ...descriptionOf(declaration),
        }));
      }
      return this.choice(node, declaration) ?? this.shape(declaration.type, integer);
    }
    return this.refuse(node);
  }

  private literalObject(node: ts.TypeLiteralNode, integer: boolean): TypeSpec {
    const index = indexSignatureOf(node);
    if (index?.type) return { type: "object", additionalProperties: this.type(index.type, integer) };
    return this.named(node, derivedName(node), () => this.object(node));
  }

  /** A union of string literals, written out or computed (`(typeof roles)[number]`), is an enum. */
  private choice(node: ts.TypeNode, alias: ts.TypeAliasDeclaration | undefined): TypeSpec | undefined {
    const type = this.options.checker.getTypeFromTypeNode(node);
    const members = (type.isUnion() ? type.types : [type]).filter(
      (member) => !(member.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)),
    );
    if (members.every((member) => member.flags & ts.TypeFlags.BooleanLiteral)) return { type: "boolean" };
    if (members.length === 0 || !members.every((member) => member.isStringLiteral())) return undefined;
    const values = members.map((member) => (member as ts.StringLiteralType).value);
    return this.named(alias ?? node, alias?.name.text ?? derivedName(node), () => ({
      ...(alias && descriptionOf(alias)),
      type: "string",
      enum: values.map((value) => ({ value })),
    }));
  }

  private named(declaration: ts.Node, name: string, make: () => ObjectSpec | EnumSpec): TypeSpec {
    const { packageName, roomOf } = this.options;
    const token = `${packageName}:${roomOf(declaration.getSourceFile().fileName)}:${name.replace(/(?<=.)Args$/, "")}`;
    const other = this.declaredBy.get(token);
    if (!other) {
      // Noted before it is made: a type may contain itself.
      this.declaredBy.set(token, declaration);
      this.types[token] = make();
    } else if (other !== declaration && !isDeepStrictEqual(withoutText(this.types[token]!), withoutText(make()))) {
      const where = other.getSourceFile().fileName;
      throw new SchemaError(declaration, `there are two different types for ${token}; the other is in ${where}`);
    }
    return { $ref: `#/types/${token}` };
  }

  private refuse(node: ts.TypeNode): never {
    throw new SchemaError(
      node,
      `a package schema cannot express the type ${node.getText().replace(/\s+/g, " ")}; ` +
        "use string, number, boolean, a string union, an interface, a list or a Record of these",
    );
  }
}

/** An argument and the output of the same name may be described differently and still be of one type. */
function withoutText({ description: _, ...type }: ObjectSpec | EnumSpec): object {
  return type;
}

function descriptionOf(node: ts.Node): { description?: string } {
  const { description } = documentationOf(node);
  return description ? { description } : {};
}

function indexSignatureOf(node: ts.TypeLiteralNode): ts.IndexSignatureDeclaration | undefined {
  return node.members.find(ts.isIndexSignatureDeclaration);
}

function isAbsence(node: ts.TypeNode): boolean {
  return (
    node.kind === ts.SyntaxKind.UndefinedKeyword ||
    (ts.isLiteralTypeNode(node) && node.literal.kind === ts.SyntaxKind.NullKeyword)
  );
}

/** `Output<string | undefined>`: the property is there, its value may not be. */
export function allowsAbsence(node: ts.TypeNode): boolean {
  if (ts.isUnionTypeNode(node)) return node.types.some(isAbsence);
  return (
    ts.isTypeReferenceNode(node) && (node.typeArguments ?? []).length === 1 && allowsAbsence(node.typeArguments![0]!)
  );
}

/** A name for a type that has none: `DiskArgs.storageClass` gives `DiskStorageClass`. */
function derivedName(node: ts.TypeNode): string {
  const names: string[] = [];
  for (let at: ts.Node = node; at && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isTypeElement(at) || ts.isClassElement(at) || ts.isClassDeclaration(at) || isNamedType(at)) {
      names.unshift((at.name?.getText() ?? "").replace(/Args$/, ""));
    }
  }
  return names.map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join("");
}

function isNamedType(node: ts.Node): node is ts.InterfaceDeclaration | ts.TypeAliasDeclaration {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}
