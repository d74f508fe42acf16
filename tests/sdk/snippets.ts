/** The programs that README, the guides and docstrings show, each as a module that a type checker takes. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(__dirname, "../..");

export interface Snippet {
  /** `components/cudo/cluster.ts:39`. */
  readonly where: string;
  readonly text: string;
}

/** In fences of pages, at `@example` of docstrings, and inline where something is made (`new …`). */
export function snippets(): Snippet[] {
  return [...pages(), ...sources()];
}

function pages(): Snippet[] {
  const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...guides.map((name) => `docs/${name}`)].flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return [...found(page, text, /^```ts\n([^]*?)^```/gm), ...inline(page, text)];
  });
}

function sources(): Snippet[] {
  const files = ["sdk", "components"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const docstrings = found(file, text, /(\/\*\*(?:(?!\*\/)[^])*)\*\//g);
    return docstrings.flatMap(({ where, text: docstring }) => {
      const plain = docstring.replace(/^ *(\/\*\*|\*) ?/gm, "");
      const [said, example] = plain.split("@example\n");
      return [...inline(where, said!), ...(example === undefined ? [] : [{ where, text: example }])];
    });
  });
}

function inline(where: string, text: string): Snippet[] {
  return [...text.matchAll(/`(new [A-Z]\w*\([^`]*\))`/g)].map(([, expression]) => ({ where, text: `${expression};` }));
}

function found(file: string, text: string, pattern: RegExp): Snippet[] {
  return [...text.matchAll(pattern)].map((match) => ({
    where: `${file}:${text.slice(0, match.index).split("\n").length}`,
    text: match[1]!,
  }));
}

/** What examples take as given. */
export const given = `import type { KubernetesCluster } from "pulumi-gpu-clusters";
declare global {
  const cluster: KubernetesCluster;
  const controlPlane: KubernetesCluster;
  const hostCluster: KubernetesCluster;
  const management: KubernetesCluster;
  const hosts: import("pulumi-gpu-clusters/metal3").BareMetalHosts;
  const tenant: import("pulumi-gpu-clusters/vmetal").TenantCluster;
  const client: import("pulumi-gpu-clusters/keycloak").OAuth2Client;
  const config: import("@pulumi/pulumi").Config;
  const password: import("@pulumi/pulumi").Output<string>;
  const checksum: string;
  const publicKey: string;
}
`;

/** With imports of what it names, from the entry point that has it: its own room's, where several have it. What is left out (`{ … }`) is anything. */
export function moduleOf({ where, text }: Snippet, entriesOf: ReadonlyMap<string, readonly string[]>): string {
  const code = text.replace(/\{ … \}/g, "{} as never");
  const words = code.replace(/"[^"]*"|\/\/.*$/gm, "").match(/(?<![.\w])[A-Za-z]\w*(?!\w|\s*:)/g) ?? [];
  const room = /^(?:sdk|components)\/([\w-]+)\//.exec(where)?.[1];
  const imports = [...new Set(words)].flatMap((word) => {
    const entries = entriesOf.get(word);
    if (entries === undefined || new RegExp(`(const|import[^;]*) \\{? ?${word}\\b`).test(code)) return [];
    return `import { ${word} } from "${entries.find((entry) => entry.endsWith(`/${room}`)) ?? entries[0]}";`;
  });
  const sdk = /\bpulumi\./.test(code) ? ['import * as pulumi from "@pulumi/pulumi";'] : [];
  return [...sdk, ...imports, code, "export {};"].join("\n");
}
