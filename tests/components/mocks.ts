import * as pulumi from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { getMonitor } from "@pulumi/pulumi/runtime/settings";
import { ensurePluginBundle } from "../../build/bundle";
import { strangePlaces } from "./chart-values";

/** What clusters' autoscalers act with, as the stack's configuration says it. */
export const accounts = {
  "gpu-clusters:cudo": { apiKey: "cudo-key", projectId: "project-1" },
  "gpu-clusters:mithril": { apiKey: "fkey_key", projectId: "proj_1" },
};

interface Request {
  getName(): string;
  getType(): string;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
  getProtect(): boolean;
  getDeletebeforereplace(): boolean;
  getDeletedwith(): string;
  getPropertydependenciesMap(): { forEach(visit: (from: { getUrnsList(): string[] }) => void): void };
  getProvider(): string;
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
}

/** What components register, under Pulumi's mocks. */
export class Registered {
  readonly resources: MockResourceArgs[] = [];
  private readonly requests = new Map<string, Request>();
  /** Functions that were called. */
  readonly calls: string[] = [];

  /** Inputs of the one resource with this type. */
  inputs(type: string): Record<string, unknown> {
    const found = this.all(type);
    if (found.length !== 1) {
      throw new Error(`${found.length} resources of type ${type}; there are: ${this.types().join(", ")}`);
    }
    return found[0]!.inputs as Record<string, unknown>;
  }

  all(type: string): MockResourceArgs[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** Names of what a resource waits for, and is deleted before: its `dependsOn` and where its inputs come from. Two of a name: with its type before. */
  dependenciesOf(name: string): string[] {
    return this.dependencyUrnsOf(name).map((urn) => urn.split("::").at(-1)!);
  }

  /** The same as URNs. */
  dependencyUrnsOf(name: string): string[] {
    return this.requests.get(name)?.getDependenciesList() ?? [];
  }

  /** Names of what its inputs come from. */
  readBy(name: string): string[] {
    const names: string[] = [];
    const properties = this.requests.get(name)?.getPropertydependenciesMap();
    properties?.forEach((from) => names.push(...from.getUrnsList().map((urn) => urn.split("::").at(-1)!)));
    return names;
  }

  ignoredChangesOf(name: string): string[] {
    return this.requests.get(name)?.getIgnorechangesList() ?? [];
  }

  isProtected(name: string): boolean {
    return this.requests.get(name)?.getProtect() ?? false;
  }

  /** Whether it is deleted before the one that replaces it is made. */
  goesFirst(name: string): boolean {
    return this.requests.get(name)?.getDeletebeforereplace() ?? false;
  }

  /** What it goes along with: then nobody asks it to go. */
  deletedWith(name: string): string | undefined {
    return this.requests.get(name)?.getDeletedwith().split("::").at(-1) || undefined;
  }

  /** Name of the explicit provider that it is made by. */
  providerOf(name: string): string | undefined {
    return this.requests.get(name)?.getProvider().split("::").at(-2);
  }

  /** What it is made anew with. */
  triggerOf(name: string): unknown {
    return this.requests.get(name)?.getReplacementTrigger()?.toJavaScript();
  }

  /** Pulumi's mocks are not told of options, their monitor is. */
  recordOptions(): void {
    const monitor = getMonitor() as unknown as { registerResource(request: Request, done: unknown): unknown };
    const { registerResource } = monitor;
    monitor.registerResource = (request, done) => {
      this.requests.set(request.getName(), request);
      this.requests.set(`${request.getType()} ${request.getName()}`, request);
      return registerResource.call(monitor, request, done);
    };
  }

  types(): string[] {
    return this.resources.map((resource) => resource.type).sort();
  }

  names(): string[] {
    return this.resources.map((resource) => `${resource.type} ${resource.name}`).sort();
  }
}

/** Outputs by resource type; what is left out is the inputs, and unknown at preview. */
export type Outputs = Record<string, (args: MockResourceArgs) => Record<string, unknown>>;

/** Results by function; what is left out gives its arguments. */
export type Functions = Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>;

/** Starts a fresh program under mocks. Await `settled()` before looking at `registered`. */
export async function mockProgram(
  outputs: Outputs,
  preview = false,
  functions: Functions = {},
  project = "project",
): Promise<Registered> {
  const registered = new Registered();
  strange = [];
  // Clusters have the code of the autoscaler's server in them.
  await ensurePluginBundle();
  for (const [key, account] of Object.entries(accounts)) pulumi.runtime.setConfig(key, JSON.stringify(account));
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        registered.resources.push(args);
        if (args.type === "kubernetes:helm.sh/v3:Release") strange.push(...strangeValues(args));
        return {
          id: preview ? undefined : `${args.name}-id`,
          state: { ...args.inputs, ...(preview ? {} : outputs[args.type]?.(args)) },
        };
      },
      call({ token, inputs }) {
        registered.calls.push(token);
        return functions[token]?.(inputs as Record<string, unknown>) ?? (inputs as Record<string, unknown>);
      },
    },
    project,
    "stack",
    preview,
  );
  registered.recordOptions();
  return registered;
}

/** What the simulator's charts would not take of the values that they were given, in the program of now. */
let strange: string[] = [];

function strangeValues({ name, inputs }: MockResourceArgs): string[] {
  const { chart, values } = inputs as { chart: string; values?: unknown };
  const places = strangePlaces(chart, plain(values));
  // What is not known yet has the SDK's own mark in its place.
  return places.filter((place) => !place.endsWith("__pulumiUnknown")).map((place) => `${name}: ${place}`);
}

/** How a secret is marked on its way to the engine, and in a state. */
const secretMark = "4dabf18193072939515e22adb298388d";

/** What Pulumi registered, with secrets as plain values. */
export function plain(value: unknown): unknown {
  return withSecrets(value, plain);
}

/** The same with nothing where secrets are: what anybody may read. */
export function visible(value: unknown): unknown {
  return withSecrets(value, () => undefined, visible);
}

function withSecrets(value: unknown, secret: (value: unknown) => unknown, part = secret): unknown {
  if (Array.isArray(value)) return value.map(part);
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value && "value" in value) return secret(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, part(entry)]));
}

/** The value of an output, once it is known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply((value) => resolve(value)));
}

/** The same where it may reject. */
export function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}

/** What is warned of meanwhile: under mocks there is no engine, and Pulumi warns here. */
export async function warnings(program: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const told: string[] = [];
  console.warn = (text: string) => told.push(text);
  try {
    await program();
  } finally {
    console.warn = warn;
  }
  return told;
}

/** Waits until everything that the program registered has been registered. Charts were given nothing that the simulator's do not take. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
  if (strange.length > 0) throw new Error(`values that the simulator's charts do not take: ${strange.join(", ")}`);
}
