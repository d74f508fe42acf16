/** Every way to make pulumi say more than usual, and what it then says must not hold. */
import assert from "node:assert/strict";
import { shownIn } from "./secret-texts";
import type { EngineStack, Said } from "./stack";

interface Loud {
  command: "up" | "preview" | "refresh" | "destroy";
  flags: string[];
  environment?: Record<string, string>;
}

const verbose = ["-v=9", "--logtostderr", "--logflow"];
const streaming = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" };

export const loudRuns: readonly Loud[] = [
  { command: "preview", flags: ["--json"] },
  { command: "preview", flags: ["--json", "--debug"], environment: streaming },
  { command: "preview", flags: ["--diff", "--debug"] },
  { command: "up", flags: ["--json", "--debug"] },
  { command: "up", flags: ["--diff", "--debug"] },
  { command: "refresh", flags: ["--json", "--debug"] },
  { command: "destroy", flags: ["--preview-only", "--json", "--debug"] },
];

/** The engine's own log of all that it sends and gets. */
export const verboseRuns: readonly Loud[] = (["preview", "up", "refresh"] as const).map((command) => ({
  command,
  flags: [...verbose, "--debug"],
}));

/** Takes the stack down as loudly. After it there is nothing to be found out any more: the secrets are those of before. */
export const loudDestroy: Loud = { command: "destroy", flags: ["--diff", "--debug"] };
export const verboseDestroy: Loud = { command: "destroy", flags: [...verbose, "--debug"] };

/** Does it all and looks in everything that was printed, logged or left in files. */
export async function holdsBack(stack: EngineStack, runs: readonly Loud[], secrets: readonly string[]): Promise<void> {
  for (const { command, flags, environment } of runs) {
    const said = await stack.say(command, flags, environment);
    assert.ok(said.ok, said.text.slice(-2000));
    assertHeldBack(`${command} ${flags.join(" ")}`, said, secrets);
  }
}

export function assertHeldBack(what: string, said: Said, secrets: readonly string[]): void {
  const { text, events, files } = said;
  assert.deepEqual(shownIn({ text, events, files }, secrets), [], `${what}: secrets stand in plain text`);
}
