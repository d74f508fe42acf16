import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as addons from "../../../components/addons";
import * as index from "../../../components";
import type { EnumSpec, ObjectSpec, PackageSchema } from "../../../sdk/schema/package-schema";
import { generatedFiles } from "../../../build/schema";
import { compilerOptions, generateComponentsSchema, generateSchema } from "../../../build/schema/package-schema";
import { referencePages } from "../../../build/schema/reference";
import { fixtureSchema } from "./fixture/schema";

const root = join(__dirname, "../../..");

describe("the package schema", function () {
  this.timeout(300_000);

  it("is what the interfaces say, and so are the pages for people", async () => {
    for (const [path, text] of await generatedFiles()) {
      assert.ok(readFileSync(join(root, path), "utf8") === text, `run \`npm run generate\` and commit ${path}`);
    }
  });

  it("has a page for each room, with every property's type and marks", () => {
    const pages = referencePages(fixtureSchema());
    assert.deepEqual([...pages.keys()], ["things"]);
    const page = pages.get("things")!;
    assert.match(page, /^- `thingName` \(string, replaces\): Also its id\. Another name is another thing\.$/m);
    assert.match(page, /^- `token` \(string, optional, secret\)$/m);
    assert.match(page, /^- `parts` \(list of \[ThingPart\]\(#thingpart\), optional\)/m);
    assert.match(page, /^- `mode` \(`calm`.*, optional, default `"calm"`\)$/m);
  });

  it("has a page of what TypeScript alone has, with what each class takes and gives", async () => {
    const page = (await generatedFiles()).get("docs/reference/typescript.md")!;
    const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    const exported = Object.keys({ ...index, ...addons });
    assert.deepEqual(
      exported.filter((name) => !titles.includes(name)),
      [],
    );
    assert.ok(!titles.includes("SharedClaimArgs"), "arguments stand with their class");
    const claim = page.slice(page.indexOf("## SharedClaim\n"), page.indexOf("## Slurm\n"));
    assert.match(claim, /^- `sizeGib` \(`number`\): Size that the claim asks for/m);
    assert.match(claim, /^- `protect` \(`boolean`, optional\): .* Default: `true`\.$/m);
    assert.match(claim, /\*\*Outputs\*\*\n\n- `claimName` \(`string`\): Known once the claim is there\./);
  });

  describe("of the fixture", () => {
    const thing = () => fixtureSchema().resources!["fixture:things:Thing"]!;

    it("has tags and texts of docstrings on inputs", () => {
      const { thingName, mode, size, token, tags } = thing().inputProperties!;
      assert.deepEqual(thingName, {
        type: "string",
        description: "Also its id. Another name is another thing.",
        willReplaceOnChanges: true,
      });
      assert.deepEqual(mode, { $ref: "#/types/fixture:things:ThingMode", default: "calm" });
      assert.deepEqual(size, { type: "integer", default: 1 });
      assert.deepEqual(token, { type: "string", secret: true });
      assert.deepEqual(tags, { type: "object", additionalProperties: { type: "string" } });
      assert.deepEqual(thing().requiredInputs, ["thingName"]);
    });

    it("has named types for nested interfaces and string unions, named or not", () => {
      const types = fixtureSchema().types!;
      const part = types["fixture:things:ThingPart"] as ObjectSpec;
      assert.deepEqual(part.required, ["name", "size"]);
      assert.equal(part.properties!.password!.secret, true);
      assert.deepEqual(thing().inputProperties!.parts!.items, { $ref: "#/types/fixture:things:ThingPart" });
      const behaviour = types["fixture:things:ThingBehaviour"] as EnumSpec;
      assert.deepEqual(
        behaviour.enum.map(({ value }) => value),
        ["fail", "fail-half-way", "slow", "lost", "crash"],
      );
    });

    it("calls outputs required unless their value may be undefined", () => {
      assert.deepEqual(thing().required, ["account", "address", "key", "revision", "size", "thingName"]);
      assert.equal(thing().properties!.key!.secret, true);
    });

    it("has components without what cannot travel as a value", () => {
      const pair = fixtureSchema().resources!["fixture:things:Pair"]!;
      assert.equal(pair.isComponent, true);
      assert.deepEqual(Object.keys(pair.properties!), ["addresses"]);
    });

    it("has functions and provider configuration", () => {
      const { functions, config } = fixtureSchema();
      assert.deepEqual(functions!["fixture:things:getThing"]!.outputs!.required, ["address", "key", "mode"]);
      assert.equal(config!.variables!.things!.$ref, "#/types/fixture:things:ThingsProviderConfig");
    });
  });

  describe("tells what it cannot express", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(root, "tests/provider/server/.schema-"));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const sourceOf = (name: string, members: string, more = "", base = "CustomResource") => {
      const file = join(folder, `${name}.ts`);
      writeFileSync(
        file,
        `import * as pulumi from "@pulumi/pulumi";
${more}
export interface BoxArgs { ${members} }
export class Box extends pulumi.${base} {
  static readonly __pulumiType = "p:m:Box";
  constructor(name: string, args: BoxArgs) { super(Box.__pulumiType, name, {...args}); }
}\n`,
      );
      return {
        name: "p",
        version: "1.0.0",
        entryPoints: [file],
        compilerOptions: compilerOptions(join(root, "tsconfig.json")),
        roomOf: () => "m",
      };
    };
    const generate = (...box: Parameters<typeof sourceOf>): PackageSchema => generateSchema(sourceOf(...box));

    it("with file, line, symbol and type", () => {
      assert.throws(
        () => generate("union", "lid: pulumi.Input<string | number>;"),
        /union\.ts:3: BoxArgs\.lid: a package schema cannot express the type string \| number; use /,
      );
      assert.throws(
        () => generate("function", "lid: () => void;"),
        /BoxArgs\.lid: .* cannot express the type \(\) => void/,
      );
      assert.throws(() => generate("date", "lid: Date;"), /BoxArgs\.lid/);
    });

    it("also when two types of one name differ", () => {
      const other =
        'import type { Lid } from "./lid";\nexport interface Hinge { lid: OtherLid }\ninterface OtherLid { size: number }';
      writeFileSync(join(folder, "lid.ts"), "export interface Lid { colour: string }\n");
      const more = `${other.replaceAll("OtherLid", "LidArgs")}`;
      assert.throws(() => generate("twins", "lid: Lid; hinge: Hinge;", more), /two different types for p:m:Lid/);
    });

    it("but finds computed string unions, indexed types and recursion", () => {
      const more = `const colours = ["red", "blue"] as const;
export interface Tree { children?: Tree[]; [key: string]: unknown }
export interface Node { next?: Node; colour: (typeof colours)[number]; free: { [key: string]: boolean } }`;
      const schema = generate("good", "node: pulumi.Input<Node>; any?: unknown; list: readonly string[];", more);
      const node = schema.types!["p:m:Node"] as ObjectSpec;
      assert.deepEqual(node.properties!.next, { $ref: "#/types/p:m:Node" });
      assert.deepEqual(node.properties!.free, { type: "object", additionalProperties: { type: "boolean" } });
      assert.deepEqual((schema.types!["p:m:NodeColour"] as EnumSpec).enum, [{ value: "red" }, { value: "blue" }]);
      assert.deepEqual(schema.resources!["p:m:Box"]!.inputProperties!.any, { $ref: "pulumi.json#/Any" });
    });

    it("but takes resources where programs in TypeScript alone hand them over, and types that are put together", () => {
      const more = `export class Lid extends pulumi.ComponentResource {}
/** @handle */
export interface Place { readonly lid: Lid }
interface Size { width: number }`;
      const members =
        "lid?: Lid | string; place: Place; size: Size & { colour: string }; names?: pulumi.Input<string>[]; later?: pulumi.Input<Size>;";
      assert.throws(
        () => generate("apart", members, more, "ComponentResource"),
        /cannot express the type Lid \| string/,
      );
      const { resources, types } = generateComponentsSchema(sourceOf("box", members, more, "ComponentResource"));
      // What takes no Output is plain.
      const any = { $ref: "pulumi.json#/Any", plain: true };
      const size = { $ref: "#/types/p:m:BoxSize", plain: true };
      const names = { type: "array", items: { type: "string" }, plain: true };
      const later = { $ref: "#/types/p:m:Size" };
      assert.deepEqual(resources, {
        "p:m:Box": {
          isComponent: true,
          inputProperties: { lid: any, place: any, size, names, later },
          requiredInputs: ["place", "size"],
        },
      });
      assert.deepEqual((types!["p:m:BoxSize"] as ObjectSpec).required, ["colour", "width"]);
      assert.deepEqual(generateComponentsSchema(sourceOf("resource", "a: string;")).resources, {});
    });
  });
});
