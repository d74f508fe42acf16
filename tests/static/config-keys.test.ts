/** Keys of the stack's config in README and the guides are what a cluster, a service or the provider takes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { committedSchema, componentsSchema } from "../../sdk/schema/committed";
import { childSpec, isEnum, namedType, type PropertySpec } from "../../sdk/schema/package-schema";
import { parsePath } from "../../sdk/schema/property-path";
import { checkServices, settingsOf, type Services } from "../../stack/services";

const root = join(__dirname, "..", "..");
const clouds = { aws: "AwsCluster", cudo: "CudoCluster", mithril: "MithrilCluster" } as const;
const clusterSchema = committedSchema();

function isIn(properties: Readonly<Record<string, PropertySpec>>, path: string, schema = clusterSchema): boolean {
  const [first, ...rest] = parsePath(path);
  const found = rest.reduce<PropertySpec | undefined>(
    (spec, part) => spec && childSpec(schema, spec, part),
    properties[String(first)],
  );
  return found !== undefined;
}

function isKey(key: string, among: readonly (keyof typeof clouds)[]): boolean {
  if (key === "cloud" || key === "aws:region") return true;
  if (key.startsWith("gpu-clusters:")) {
    const path = key.slice("gpu-clusters:".length);
    return path === "autoscalerProxies.HTTPS_PROXY" || isIn(clusterSchema.config!.variables!, path);
  }
  const [, service, setting] = /^services\.(\w+)\.(.+)$/.exec(key) ?? [];
  if (service !== undefined)
    return isIn(settingsOf(service as keyof Services).properties!, setting!, componentsSchema());
  return among.some((cloud) =>
    isIn(clusterSchema.resources![`gpu-clusters:${cloud}:${clouds[cloud]}`]!.inputProperties!, key),
  );
}

const pages = ["README.md", ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))].map((name) => {
  const path = name === "README.md" ? name : `docs/${name}`;
  const all = Object.keys(clouds) as (keyof typeof clouds)[];
  const own = all.filter((cloud) => new RegExp(`\\b${cloud}\\b`).test(name));
  return { path, text: readFileSync(join(root, path), "utf8"), among: own.length > 0 ? own : all };
});

describe("keys of the config in README and the guides", () => {
  it("are there, in commands and in tables", () => {
    const wrong: string[] = [];
    let count = 0;
    for (const { path, text, among } of pages) {
      const set = [...text.matchAll(/pulumi config set (?:--\w+ )*'?([\w:.[\]-]+)/g)];
      const tables = [...text.matchAll(/^\| Config key [^]*?(?:\n\n|$(?![^]))/gm)].flatMap(([table]) => [
        ...table.matchAll(/^\| `([\w.:[\]-]+)`/gm),
      ]);
      for (const [, key] of [...set, ...tables]) {
        count++;
        if (!isKey(key!.replaceAll("[]", "[0]"), among)) wrong.push(`${path}: ${key}`);
      }
    }
    assert.ok(count > 60, `only ${count} found: this would prove nothing`);
    assert.deepEqual(wrong, []);
  });

  it("are there for each setting of each service", () => {
    const { text } = pages.find(({ path }) => path === "docs/in-the-cluster.md")!;
    const settings = (["kuberay", "jupyterhub", "slurm"] as const).flatMap((service) =>
      Object.entries(settingsOf(service).properties!).flatMap(([name, spec]) => {
        const named = namedType(componentsSchema(), spec);
        const fields = named && !isEnum(named) ? Object.keys(named.properties!).map((field) => `.${field}`) : [""];
        return fields.map((field) => `services.${service}.${name}${field}`);
      }),
    );
    assert.ok(settings.length > 15);
    assert.deepEqual(
      settings.filter((key) => !text.includes(`\n| \`${key}\` `)),
      [],
    );
  });

  it("choose services as these are taken", () => {
    const { text } = pages.find(({ path }) => path === "docs/in-the-cluster.md")!;
    const block = /```yaml\n([^`]*)```/.exec(text)![1]!;
    const { services } = parse(block) as { services: object };
    assert.ok(Object.keys(services).length >= 3);
    assert.deepEqual(checkServices("train", services, []).all, []);
  });
});
