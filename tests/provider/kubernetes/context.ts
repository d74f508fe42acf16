import type { ResourceContext } from "../../../provider/server/resource";

/** What a handler is called with; `said` has its messages. */
export function testContext(overrides: Partial<ResourceContext> = {}): ResourceContext & { said: string[] } {
  const said: string[] = [];
  const say = (kind: string) => (message: string) => void said.push(`${kind}: ${message}`);
  return {
    name: "test",
    urn: "urn:pulumi:test::test::test::test",
    signal: new AbortController().signal,
    timeoutMs: undefined,
    log: { info: say("info"), warn: say("warn"), debug: say("debug"), status: say("status") },
    config: {},
    ...overrides,
    said,
  };
}
