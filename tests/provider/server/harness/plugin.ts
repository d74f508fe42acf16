/** A running provider plugin and the calls that the engine makes to it, as promises over plain values. */
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogSeverity, type LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { PackageSchema } from "../../../../sdk/schema/package-schema";
import type { ProviderDefinition } from "../../../../provider/server/resource";
import { ProviderServer } from "../../../../provider/server/server";
import { decode, encode, type WireValues } from "../../../../provider/server/wire";

export interface LogMessage {
  urn: string;
  message: string;
  /** A status: the next message replaces it. */
  ephemeral: boolean;
}

export class Plugin {
  /** Undefined for a plugin that runs in this process. */
  readonly process: ChildProcess | undefined;
  schema!: PackageSchema;
  private config: Record<string, unknown> = {};

  private constructor(
    readonly client: ResourceProviderClient,
    /** Everything that the plugin told the user, oldest first. */
    readonly messages: LogMessage[],
    /** Debug messages, among them the stack traces that users do not see. */
    readonly debugMessages: string[],
    private readonly server: ProviderServer | undefined,
    child: ChildProcess | undefined,
    private readonly engine: grpc.Server,
  ) {
    this.process = child;
  }

  static async start(what: ProviderDefinition | string, environment?: NodeJS.ProcessEnv): Promise<Plugin> {
    const engine = new grpc.Server();
    const messages: LogMessage[] = [];
    const debugMessages: string[] = [];
    const record = (request: LogRequest) => {
      if (request.getSeverity() === LogSeverity.DEBUG) debugMessages.push(request.getMessage());
      else messages.push({ urn: request.getUrn(), message: request.getMessage(), ephemeral: request.getEphemeral() });
    };
    engine.addService(EngineService, {
      log: (call: { request: LogRequest }, answer: grpc.sendUnaryData<Empty>) => {
        record(call.request);
        answer(null, new Empty());
      },
      getRootResource: unimplemented,
      setRootResource: unimplemented,
      startDebugging: unimplemented,
      requirePulumiVersion: unimplemented,
    });
    const engineAddress = `127.0.0.1:${await listen(engine)}`;
    let server: ProviderServer | undefined;
    let child: ChildProcess | undefined;
    let port: number;
    if (typeof what === "string") {
      child = spawn(what, [engineAddress], {
        env: { ...process.env, ...environment },
        stdio: ["pipe", "pipe", "inherit"],
      });
      const exited = once(child, "exit").then(([code]) => {
        throw new Error(`${what} exited with ${code} before it told its port`);
      });
      const [line] = (await Promise.race([once(child.stdout!, "data"), exited])) as [Buffer];
      exited.catch(() => {});
      port = Number(line);
    } else {
      server = new ProviderServer(what);
      port = await server.listen();
    }
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const plugin = new Plugin(client, messages, debugMessages, server, child, engine);
    const handshake = new proto.ProviderHandshakeRequest();
    handshake.setEngineAddress(engineAddress);
    await plugin.call<proto.ProviderHandshakeResponse>("handshake", handshake);
    const schema = await plugin.call<proto.GetSchemaResponse>("getSchema", new proto.GetSchemaRequest());
    plugin.schema = JSON.parse(schema.getSchema()) as PackageSchema;
    return plugin;
  }

  /** Checks the configuration and gives it to the plugin, as the engine does for a provider resource. */
  async configure(config: Record<string, unknown>): Promise<void> {
    const check = new proto.CheckRequest();
    check.setNews(encode({ values: config, secrets: new Set() }));
    const checked = await this.call<proto.CheckResponse>("checkConfig", check);
    const failures = checked.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) throw new Error(failures.join("\n"));
    const request = new proto.ConfigureRequest();
    request.setArgs(checked.getInputs());
    await this.call<proto.ConfigureResponse>("configure", request);
    this.config = config;
  }

  /** As another command of the user's does, which starts a plugin of its own. */
  async begin(): Promise<void> {
    await this.configure(this.config);
  }

  /** @param secrets paths of arguments that the program made secrets */
  async invoke(
    token: string,
    args: Record<string, unknown>,
    secrets: readonly string[] = [],
  ): Promise<{ result: WireValues; failures: string[] }> {
    const request = new proto.InvokeRequest();
    request.setTok(token);
    request.setArgs(encode({ values: args, secrets: new Set(secrets) }));
    const response = await this.call<proto.InvokeResponse>("invoke", request);
    const failures = response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
    return { result: decode(response.getReturn()), failures };
  }

  async cancel(): Promise<void> {
    await this.call("cancel", new Empty());
  }

  /** One call. Rejects with a `PluginError`. */
  call<Response>(method: string, request: unknown): Promise<Response> {
    type Call = (request: unknown, callback: (error: grpc.ServiceError | null, response: Response) => void) => void;
    const rpc = (this.client as unknown as Record<string, Call>)[method]!;
    return new Promise((resolve, reject) => {
      rpc.call(this.client, request, (error, response) => (error ? reject(new PluginError(error)) : resolve(response)));
    });
  }

  async stop(): Promise<void> {
    this.client.close();
    this.server?.close();
    this.engine.forceShutdown();
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill("SIGINT");
    await once(this.process, "exit");
  }
}

/** What the plugin answered instead of a result. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  /** Set when something was made or changed that the state must keep. */
  readonly partial: { id: string; state: WireValues; inputs: WireValues; reasons: string[] } | undefined;

  constructor(readonly answer: grpc.ServiceError) {
    super(answer.details);
    const [status] = answer.metadata?.get("grpc-status-details-bin") ?? [];
    if (!status) return;
    for (const detail of Status.deserializeBinary(status as Buffer).getDetailsList()) {
      if (detail.getTypeName() !== "pulumirpc.ErrorResourceInitFailed") continue;
      const failure = proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
      this.partial = {
        id: failure.getId(),
        state: decode(failure.getProperties()),
        inputs: decode(failure.getInputs()),
        reasons: failure.getReasonsList(),
      };
    }
  }
}

function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function unimplemented(_call: unknown, answer: grpc.sendUnaryData<unknown>): void {
  answer({ code: grpc.status.UNIMPLEMENTED });
}
