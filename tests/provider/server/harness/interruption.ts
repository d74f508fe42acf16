/**
 * Interrupts an operation at each of its requests to the cloud, one after the other, and holds the resource to its promise that nothing is
 * lost: what was made is in the state, the next `up` goes on with it, and a destroy leaves nothing.
 *
 * ```ts
 * await interruptEachCreate(await rig(provider, simulator.url, (baseUrl) => ({ cudo: { baseUrl, apiKey, projectId } })), {
 *   type: "gpu-clusters:cudo:Disk",
 *   inputs: () => ({ diskId: "d", dataCenterId: "gb-bournemouth-1", sizeGib: 10 }),
 *   left: async () => (await api.disks.list()).map(({ id }) => id),
 * });
 * ```
 */
import assert from "node:assert/strict";
import { DeadlinePassed } from "../../../../provider/cloud/wait";
import type { ProviderDefinition, ResourceContext, ResourceHandler } from "../../../../provider/server/resource";
import type { Properties } from "../../../../provider/server/wire";
import { EngineResource } from "./engine-resource";
import { moments, type Gate, type Moment } from "./gate";
import { HttpGate, type Identity } from "./http-gate";
import { Plugin } from "./plugin";
import { TcpGate } from "./tcp-gate";

/** A plugin whose requests pass a gate. Close it. */
export interface Rig {
  readonly plugin: Plugin;
  readonly gate: Gate;
  /** Ends what runs as a time limit of the handler's own does. */
  passDeadline(): void;
  close(): Promise<void>;
}

/** @param identity of a cloud behind TLS */
export async function rig(
  definition: ProviderDefinition,
  cloud: string,
  configOf: (url: string) => Record<string, unknown>,
  identity?: Identity,
): Promise<Rig> {
  const gate = cloud.startsWith("tcp:") ? await TcpGate.open(cloud) : await HttpGate.open(cloud, identity);
  let deadline = new AbortController();
  const limited = withSignal(definition, () => deadline.signal);
  const plugin = await Plugin.start(limited);
  await plugin.configure(configOf(gate.url));
  return {
    plugin,
    gate,
    passDeadline() {
      deadline.abort(new DeadlinePassed("it did not finish within its time"));
      deadline = new AbortController();
    },
    async close() {
      await plugin.stop();
      await gate.close();
    },
  };
}

export interface Interrupted {
  readonly type: string;
  /** What the program says, asked once in a round; `round` is another each time, for clouds in which names are taken for long. */
  inputs(round: string): Properties;
  /** For an update: what the program says then. */
  updated?(round: string): Properties;
  /** What the cloud has of it, in words. Empty: nothing. */
  left(round: string): Promise<string[]>;
  /** Requests after which nothing new is to be seen: the rest of a wait. @default 12 */
  readonly most?: number;
}

const ways = ["up", "destroy", "refresh and up"] as const;

type Verb = "create" | "update" | "destroy";

export const interruptEachCreate = (rigged: Rig, resource: Interrupted) => interruptEach("create", rigged, resource);
export const interruptEachUpdate = (rigged: Rig, resource: Interrupted) => interruptEach("update", rigged, resource);
export const interruptEachDelete = (rigged: Rig, resource: Interrupted) => interruptEach("destroy", rigged, resource);

/** Returns how many requests the operation was interrupted at. */
async function interruptEach(verb: Verb, rigged: Rig, interrupted: Interrupted): Promise<number> {
  const { most = 12 } = interrupted;
  const whole = verb === "destroy" ? 0 : await undisturbed(rigged, interrupted, `whole-${verb}`);
  for (let request = 1; request <= most; request++) {
    for (const [index, moment] of moments.entries()) {
      // Both ways to end, and each moment at about every second request in each of them.
      const how = (request + index) % 2 === 0 ? "interrupted" : "timed out";
      // And each way to go on.
      const then = ways[Math.floor((request + index) / 2) % ways.length]!;
      const round = `${verb[0]}${request}-${index}`;
      const struck = await oneRound(verb, rigged, interrupted, { request, moment, how, then, round, whole });
      if (!struck) return request - 1;
    }
  }
  return most;
}

interface Round {
  readonly request: number;
  readonly moment: Moment;
  readonly how: "interrupted" | "timed out";
  /** What the user does next; an `up` is followed by a second one, and by the destroy. */
  readonly then: (typeof ways)[number];
  readonly round: string;
  /** How much the cloud has of it in the end. */
  readonly whole: number;
}

/** How much there is when nothing comes between. */
async function undisturbed({ plugin }: Rig, interrupted: Interrupted, round: string): Promise<number> {
  const resource = new EngineResource(plugin, interrupted.type, round);
  const before = interrupted.inputs(round);
  await resource.up(before);
  await resource.up(interrupted.updated?.(round) ?? before);
  const { length } = await interrupted.left(round);
  await resource.destroy();
  return length;
}

/** False when the operation ended before. */
async function oneRound(verb: Verb, rigged: Rig, interrupted: Interrupted, round: Round): Promise<boolean> {
  const { plugin, gate } = rigged;
  const name = round.round;
  const before = interrupted.inputs(name);
  const after = interrupted.updated?.(name) ?? before;
  const resource = new EngineResource(plugin, interrupted.type, name);
  if (verb !== "create") await resource.up(before);
  const { inputs, failures } = await resource.check(verb === "create" ? before : after);
  assert.deepEqual(failures, []);
  gate.arm(round.request, round.moment, () => (round.how === "interrupted" ? plugin.cancel() : rigged.passDeadline()));
  const story = `${verb} of ${interrupted.type}, ${round.how} at request ${round.request} (${round.moment})`;
  let error: unknown;
  try {
    if (verb === "destroy") await resource.destroy();
    else await (verb === "create" ? resource.create(inputs) : resource.update(inputs));
  } catch (failure) {
    error = failure;
  }
  const struck = gate.disarm();
  const left = await interrupted.left(name);
  const kept = resource.stored !== undefined;
  assert.ok(
    kept || left.length === 0,
    `${story}: ${left.join(", ")} is left, and the state has nothing: ${String(error)}`,
  );
  if (verb !== "destroy" && round.then !== "destroy") {
    if (resource.stored && round.then === "refresh and up") await resource.refresh();
    await resource.up(after);
    assert.equal(
      (await interrupted.left(name)).length,
      round.whole,
      `${story}: \`${round.then}\` does not make it whole`,
    );
    assert.equal(await resource.up(after), "same", `${story}: the second \`up\` changes something`);
  }
  if (resource.stored) await resource.destroy();
  assert.deepEqual(await interrupted.left(name), [], `${story}: something outlives the destroy`);
  return struck;
}

/** The definition with another signal besides the operation's own in each handler's context. */
function withSignal(definition: ProviderDefinition, signal: () => AbortSignal): ProviderDefinition {
  const add = (context: ResourceContext) => ({ ...context, signal: AbortSignal.any([context.signal, signal()]) });
  const wrap = (handler: ResourceHandler): ResourceHandler => ({
    ...handler,
    create: (inputs, context) => handler.create(inputs, add(context)),
    read: (id, state, context) => handler.read(id, state, add(context)),
    update: handler.update && ((id, inputs, state, context) => handler.update!(id, inputs, state, add(context))),
    delete: (id, state, context) => handler.delete(id, state, add(context)),
  });
  const resources = Object.entries(definition.resources).map(
    ([token, load]) => [token, async () => wrap(await load())] as const,
  );
  return { ...definition, resources: Object.fromEntries(resources) };
}
