/** What `pulumi preview` would do with a cluster whose program has changed, judged without an engine: by the providers' own rules. */
import { isDeepStrictEqual } from "node:util";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { provider } from "../../plugin/provider";
import { makeAuthority } from "../../provider/kubernetes/certificates";
import { makeAdministrator, type Administrator } from "../../provider/kubernetes/cluster-keys";
import type { ResourceContext } from "../../provider/server/resource";
import { diffResource } from "../../provider/server/resource-diff";
import { Placement } from "../../provider/server/placement";
import type { Properties } from "../../provider/server/wire";
import { committedSchema } from "../../sdk/schema/committed";
import { validate } from "../../sdk/schema/validation";
import { awsStandIn } from "../../stand-ins/aws/stand-in";
import type { Subject } from "../../stand-ins/server/server";
import { plain, type Registered } from "./mocks";

const schema = committedSchema();
const log = { info: () => {}, warn: () => {}, debug: () => {}, status: () => {} };

/** What the program is refused for. Both programs were run under mocks. */
export async function foreseenRefusals(before: Registered, after: Registered): Promise<string[]> {
  const type = "gpu-clusters:kubernetes:LastingChoices";
  const handler = await provider.resources[type]!();
  const [old, now] = [before, after].map((program) => plain(program.inputs(type))) as [never, never];
  const failures = await handler.check!(now, contextOf(after.all(type)[0]!), old);
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

/** What is deleted or made anew of what is at a cloud, as `Vm train-control-plane`. */
export async function foreseenLosses(before: Registered, after: Registered): Promise<string[]> {
  const lost: string[] = [];
  for (const old of before.resources) {
    if (!/^(aws|gpu-clusters):/.test(old.type)) continue;
    const now = after.resources.find(({ type, name }) => type === old.type && name === old.name);
    if (now === undefined || (await isReplaced(old, now, after))) lost.push(`${old.type.split(":")[2]} ${old.name}`);
  }
  return lost;
}

async function isReplaced(old: MockResourceArgs, now: MockResourceArgs, after: Registered): Promise<boolean> {
  const [earlier, later] = [old, now].map(({ type, inputs }) => filled(type, plain(inputs) as Properties)) as [
    Properties,
    Properties,
  ];
  if (isDeepStrictEqual(earlier, later)) return false;
  const values = (properties: Properties) => ({ values: properties, secrets: new Set<string>() });
  const question = {
    oldInputs: values(earlier),
    // What has no such time is taken for unfinished, and what has no certificate that is good for one that ends.
    oldState: values({ createdAt: "2026-01-01T00:00:00Z", ...(await administrator()), ...earlier }),
    news: values(later),
    ignoreChanges: after.ignoredChangesOf(`${now.type} ${now.name}`),
  };
  if (now.type.startsWith("aws:")) {
    const { changes } = await awsStandIn.calls({}).diff(contextOf(now), question);
    return [...changes.values()].some(({ replaces }) => replaces);
  }
  const load = provider.resources[now.type];
  if (load === undefined) return false;
  const { changes } = diffResource(
    schema,
    schema.resources![now.type]!,
    await load(),
    new Placement(undefined, {}),
    question,
  );
  return [...changes.values()].some(({ replaces }) => replaces);
}

/** Of a cluster that has just been made. */
async function administrator(): Promise<Pick<Administrator, "adminCertificate">> {
  const { adminCertificate } = await makeAdministrator({ ca: await makeAuthority("kubernetes") }, undefined);
  return { adminCertificate };
}

/** With the defaults that the plugin's check gives. */
function filled(type: string, inputs: Properties): Properties {
  const spec = schema.resources![type];
  return spec ? validate(schema, { properties: spec.inputProperties }, inputs, () => false).values : inputs;
}

function contextOf({ type, name }: MockResourceArgs): ResourceContext & Subject {
  const { signal } = new AbortController();
  return { urn: "", token: type, name, timeoutMs: undefined, signal, log, config: {} };
}
