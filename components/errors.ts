import { counted } from "../sdk/counted";
import * as pulumi from "../sdk/pulumi";

/** One thing that is wrong, by the path of the user's own field. */
export interface Problem {
  propertyPath: string;
  reason: string;
}

/** The SDK writes before a message each property that waits for the value which there cannot be: some resource's, and not the user's. */
function keepMessage(error: Error): void {
  const { message } = error;
  // Of a user's mistake the stack says nothing; and Node.js 20.20, which the SDK has colour it, never ends at a file that lies beside packages, as the SDK's
  // own do by their source maps: thrown where an Output came to be known, it would hang the program.
  error.stack = message;
  Object.defineProperty(error, "message", { configurable: true, get: () => message, set: () => undefined });
}

/** The arguments cannot be right. Thrown when the component is constructed, before anything is written, with all problems at once. */
export class InvalidInput extends pulumi.InputPropertiesError {
  /** A mistake of the user's: the SDK shows the message once, and no stack. */
  readonly __pulumiRunError = true;

  constructor(component: string, problems: readonly Problem[]) {
    super({
      message: `${component}: ${counted(problems.length, "invalid input")}`,
      errors: [...problems],
    });
    // The SDK prints only `message` when the component runs inside the program, so the problems stand there too.
    this.message = [this.message, ...problems.map((problem) => `  ${problem.propertyPath}: ${problem.reason}`)].join(
      "\n",
    );
    keepMessage(this);
  }
}

/** What a program ends with where a value of its Outputs shows that it cannot go on. */
export class ProgramFailure extends pulumi.RunError {
  constructor(message: string) {
    super(message);
    keepMessage(this);
  }
}

/** Another cluster of the account has the name. */
export class ClusterNameInUse extends ProgramFailure {
  constructor(clusterName: string, owner: string) {
    super(
      `ClusterNameInUse: "${clusterName}" is the name of another cluster (${owner}); choose a different clusterName`,
    );
  }
}

/** The cloud cannot be reached, or did not make what the cluster needs. */
export class ClusterCouldNotBeDeployed extends ProgramFailure {
  constructor(reason: string) {
    super(`ClusterCouldNotBeDeployed: ${reason}`);
  }
}

/** Gathers problems while arguments are checked. */
export class Problems {
  private readonly found: Problem[] = [];
  private readonly settled: string[] = [];

  add(propertyPath: string, reason: string): void {
    if (this.settled.some((path) => isAtOrBelow(propertyPath, path))) return;
    this.found.push({ propertyPath, reason });
  }

  addAll(others: Problems): void {
    this.found.push(...others.found);
  }

  /** Nothing more is to be said of this field, and of what is in it. */
  settle(propertyPath: string): void {
    this.settled.push(propertyPath);
  }

  /** Whether the field is settled, or one right in it: what is left of it says little of what was meant. */
  isRefused(propertyPath: string): boolean {
    return this.settled.some((path) => path === propertyPath || parentOf(path) === propertyPath);
  }

  get all(): readonly Problem[] {
    return this.found;
  }

  /** Throws `InvalidInput` if anything was found. */
  raise(component: string): void {
    if (this.found.length > 0) {
      throw new InvalidInput(component, this.found);
    }
  }
}

/** The value, with which nothing may be wrong: for one that came to be known later. Throws `InvalidInput`. */
export function checked<T>(component: string, value: T, check: (problems: Problems) => void): T {
  const problems = new Problems();
  check(problems);
  problems.raise(component);
  return value;
}

function parentOf(path: string): string {
  return path.replace(/(^|\.)[^.[\]]+$|\[[^[\]]+\]$/, "");
}

function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}.`) || path.startsWith(`${ancestor}[`);
}
