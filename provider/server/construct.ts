/**
 * Components that programs in other languages make through the plugin. The Pulumi SDK's own server does the work (inputs with
 * dependencies, providers, aliases, outputs); it is loaded when the first component is asked for, which most programs never do.
 */
import * as grpc from "@grpc/grpc-js";
import type * as provider from "@pulumi/pulumi/proto/provider_pb";
import type { PackageSchema } from "../../sdk/schema/package-schema";
import type { ProviderDefinition } from "./resource";

/** The part of the SDK's server that is used here. */
interface SdkServer {
  engineAddr: string | undefined;
  construct: grpc.handleUnaryCall<provider.ConstructRequest, provider.ConstructResponse>;
}

export class Components {
  private server: Promise<SdkServer> | undefined;

  constructor(
    private readonly definition: ProviderDefinition,
    private readonly schema: () => Promise<PackageSchema>,
  ) {}

  async construct(request: provider.ConstructRequest, engineAddress: string | undefined) {
    this.server ??= this.load();
    const server = await this.server;
    server.engineAddr = engineAddress;
    return new Promise<provider.ConstructResponse>((resolve, reject) => {
      const call = { request } as grpc.ServerUnaryCall<provider.ConstructRequest, provider.ConstructResponse>;
      server.construct(call, (error, response) => (response ? resolve(response) : reject(error as Error)));
    });
  }

  private async load(): Promise<SdkServer> {
    const [{ main }, schema] = await Promise.all([import("./sdk-server.js"), this.schema()]);
    const construct = async (name: string, type: string, inputs: object, options: object) => {
      const factory = this.definition.components[type];
      if (!factory) throw new Error(`${this.definition.name} has no component ${type}`);
      const component = (await factory())(name, inputs, options) as Record<string, unknown>;
      const properties = Object.keys(schema.resources?.[type]?.properties ?? {});
      return { urn: component.urn as never, state: Object.fromEntries(properties.map((key) => [key, component[key]])) };
    };
    return captureServer(() => main({ version: this.definition.version, construct } as Parameters<typeof main>[0], []));
  }
}

/**
 * The SDK does not export its server class, only `main`, which registers one with gRPC and listens. The registration is caught
 * and `main` stopped there: nothing listens twice, and its process-wide error handlers are taken off again.
 */
async function captureServer(main: () => Promise<void>): Promise<SdkServer> {
  const events = ["uncaughtException", "unhandledRejection", "exit"] as const;
  const before = events.map((event) => new Set(process.listeners(event as "exit")));
  const { addService } = grpc.Server.prototype;
  let captured: SdkServer | undefined;
  const stop = new Error("captured");
  grpc.Server.prototype.addService = (_service, implementation) => {
    captured = implementation as unknown as SdkServer;
    throw stop;
  };
  try {
    const finished = main();
    grpc.Server.prototype.addService = addService;
    await finished;
  } catch (error) {
    if (error !== stop) throw error;
  } finally {
    grpc.Server.prototype.addService = addService;
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as "exit")) {
        if (!before[i]!.has(listener)) process.removeListener(event, listener);
      }
    });
  }
  if (!captured) throw new Error("this version of @pulumi/pulumi serves components in a way that is not known here");
  return captured;
}
