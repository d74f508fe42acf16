/**
 * Fails each call to AWS of an `up` of a whole cluster, and shows that the `up`s after it end where an undisturbed one does: nothing twice,
 * nothing lost.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { AwsCallFault, AwsContents, AwsObject } from "../../simulator/aws/client";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack, Operation } from "./stack";

/** The smallest whole cluster: one zone, no NAT gateway, one group, and nobody in it who would meet the faults in the place of `up`. */
const config = {
  "pulumi-gpu-clusters:cloud": "aws",
  "pulumi-gpu-clusters:clusterName": "faulty",
  "pulumi-gpu-clusters:cni": "none",
  "pulumi-gpu-clusters:autoscaler": false,
  "pulumi-gpu-clusters:keyPair": "ops",
  "pulumi-gpu-clusters:network": { zones: ["us-west-2a"], nat: "none" },
  "pulumi-gpu-clusters:nodeGroups": [
    { name: "workers", role: "worker", minSize: 1, maxSize: 2, instanceTypes: ["m5.large"] },
  ],
};

type Kind = Pick<AwsCallFault, "code" | "status" | "afterEffect" | "message">;

export const kinds = {
  "an error before any effect": { code: "UnauthorizedOperation", status: 403, message: "You are not authorized." },
  throttling: { code: "RequestLimitExceeded", status: 503, message: "Request limit exceeded." },
  "500": { code: "InternalError", status: 500, message: "An internal error has occurred" },
  "a lost answer that the SDK asks for again": { code: "InternalError", status: 500, afterEffect: true },
  "a lost answer that nobody asks for again": { code: "AnswerLost", status: 400, afterEffect: true },
} satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;

/**
 * Of our own provider. Lost answers are its business; the official plugin's, for which the stand-in stands, we cannot mend: it makes a thing
 * again when it did not hear of it.
 */
export const ownCalls: readonly string[] = ["CreateFleet", "ModifyFleet", "CreateTags", "DescribeFleets"];

export function isRead(action: string): boolean {
  return /^(Describe|Get|List)/.test(action);
}

/** Whether a fault of this kind at this call must be survived. */
export function concerns(kind: KindName, action: string): boolean {
  if (!("afterEffect" in kinds[kind])) return true;
  // A lost answer of a read is a lost question.
  return ownCalls.includes(action) && !isRead(action);
}

/** Asked only where a machine does not run at the first look, which depends on the computer's load. */
const sometimes = ["DescribeFleetHistory"];

export class AwsFaultBench {
  /** Every call that each undisturbed `up` makes, by action. */
  actions: readonly string[] = [];
  private environment!: EngineEnvironment;
  private program!: string;
  private stack!: EngineStack;
  private undisturbed!: Record<string, string[]>;

  /** Makes the cluster once without faults. */
  async start(): Promise<void> {
    this.program = await compiledDefaultProgram();
    this.environment = await EngineEnvironment.start({ machines: true, aws: {} });
    this.stack = await this.environment.stack(config, { program: this.program });
    const up = await this.stack.up();
    assert.ok(up.ok, up.text);
    const requests = await this.environment.aws.requests();
    const actions = new Set(requests.map(({ action }) => action));
    this.actions = [...actions].filter((action) => !sometimes.includes(action)).sort();
    this.undisturbed = inWords(await this.environment.aws.state());
  }

  async stop(): Promise<void> {
    await this.environment?.stop();
    if (this.program) rmSync(this.program, { recursive: true, force: true });
  }

  /** The calls that are to fail in this way. */
  all(kind: KindName, isMeant: (action: string) => boolean = () => true): { action: string; kind: KindName }[] {
    return this.actions
      .filter((action) => concerns(kind, action) && isMeant(action))
      .map((action) => ({ action, kind }));
  }

  /**
   * `up` after `up` with each of these calls failing once, until one succeeds. Then every fault has struck, the account holds exactly what it
   * would have held without them, and another `up` finds nothing to do.
   * @returns what the `up`s that failed printed
   */
  async survives(faults: readonly { action: string; kind: KindName }[]): Promise<string> {
    await this.afresh();
    const { aws } = this.environment;
    for (const { action, kind } of faults) await aws.addFault({ action, times: 1, ...kinds[kind] });
    const failed: Operation[] = [];
    for (;;) {
      const up = await this.stack.up();
      if (up.ok) break;
      failed.push(up);
      assert.ok(failed.length <= faults.length, `${failed.length} times in vain, at last:\n${up.text}`);
      assert.doesNotMatch(up.text, /UnhandledPromiseRejection|panic:/);
    }
    const spared = (await aws.faults()).filter(({ struck }) => struck === 0).map(({ action }) => action);
    assert.deepEqual(spared, [], "calls that nobody made");
    assert.deepEqual(inWords(await aws.state()), this.undisturbed, failed.at(-1)?.text);
    await aws.clearFaults();
    const again = await this.stack.up("--expect-no-changes");
    assert.ok(again.ok, again.text);
    return failed.map(({ text }) => text).join("\n");
  }

  /** An empty account, and a stack that knows of nothing; the test before may have failed half-way. */
  private async afresh(): Promise<void> {
    await this.environment.resetAws();
    this.stack.forget();
  }
}

/** What exists, without ids: the same after every `up` of the same program. */
function inWords(contents: AwsContents): Record<string, string[]> {
  const word = ({ id, name, tags, cidr, service, target, state }: AwsObject) =>
    [name ?? tags?.["Name"] ?? cidr ?? service ?? (id.startsWith("/") ? id : ""), target, state].join(" ").trim();
  const kinds = Object.entries(contents).map(([kind, objects]) => [kind, objects.map(word).sort()] as const);
  return Object.fromEntries(kinds.filter(([, words]) => words.length > 0));
}
