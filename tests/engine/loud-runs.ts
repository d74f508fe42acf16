/** Every way to make pulumi say more than usual, and what it then says must not hold. */
import assert from "node:assert/strict";
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
  for (const [where, text] of Object.entries({ text: said.text, events: said.events, files: said.files })) {
    for (const secret of secrets) {
      const shown = formsOf(secret).some((form) => text.includes(form));
      assert.ok(!shown, `${what}: a secret (${secret.slice(0, 30)}…) stands in its ${where}`);
    }
  }
}

/** As it is, in JSON, in JSON in JSON, and in base64; of a key in PEM each line of its body tells it. */
function formsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const body = /PRIVATE KEY-----\n([^-\n]+)/.exec(secret)?.[1];
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -2);
  return [secret, inJson, JSON.stringify(inJson).slice(1, -1), base64, ...(body ? [body] : [])];
}
