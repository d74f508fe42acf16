import { relative } from "node:path";
import ts from "typescript";

/** A declaration that the package schema cannot express. The message names the file, the line and the symbol. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  constructor(node: ts.Node, problem: string) {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    super(`${relative(process.cwd(), file.fileName)}:${line + 1}: ${symbolPath(node)}: ${problem}`);
  }
}

/** `NodeGroupArgs.labels`: the named declarations around the node. */
function symbolPath(node: ts.Node): string {
  const names: string[] = [];
  for (let at: ts.Node | undefined = node; at && !ts.isSourceFile(at); at = at.parent) {
    const name = ts.getNameOfDeclaration(at as ts.Declaration);
    if (name && !ts.isTypeReferenceNode(at)) names.unshift(name.getText());
  }
  return names.join(".") || node.getText().slice(0, 60);
}
