/** Where a property is, in the syntax that Pulumi's engine reads and users see: `nodeGroups[0].labels["a b"]`. */
export type PropertyPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

export function formatPath(path: PropertyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === "" ? part : `.${part}`;
    else text += `["${part.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
  }
  return text;
}

/** Reads what `formatPath` writes, and `*` for any element. */
export function parsePath(text: string): PropertyPath {
  const path: (string | number)[] = [];
  const token = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.[\]"]+)/gy;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) throw new Error(`"${text}" is not a property path`);
    const [, quoted, index, key] = match;
    if (quoted !== undefined) path.push(quoted.replace(/\\(.)/g, "$1"));
    else if (index !== undefined) path.push(index === "*" ? index : Number(index));
    else path.push(key!);
  }
  return path;
}

/** True when `path` is `ancestor` or lies below it. `*` in the ancestor stands for any one part. */
export function isWithin(path: PropertyPath, ancestor: PropertyPath): boolean {
  return (
    ancestor.length <= path.length && ancestor.every((part, i) => part === "*" || String(part) === String(path[i]))
  );
}

/** The value at the path, or undefined where there is none. */
export function valueAt(root: unknown, path: PropertyPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
