/** The gRPC side of the provider: messages in, messages out. What they mean is in the modules beside it. */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Components } from "./construct";
import { EngineLog } from "./engine-log";
import { FunctionCalls } from "./function-calls";
import type { KeptObjects } from "./kept-objects";
import { messageOf } from "../../sdk/message";
import { Operations } from "./operations";
import type { PackageSchema } from "../../sdk/schema/package-schema";
import { changedConfig, checkConfig, configSecretTexts, describeFailures } from "./provider-config";
import type { ProviderConfig, ProviderDefinition, ResourceHandler } from "./resource";
import { ResourceCalls, type Subject } from "./resource-calls";
import type { DiffQuestion } from "./resource-diff";
import { checkFailure, checkResponse, diffResponse } from "./responses";
import { ServiceFailure, toServiceError } from "./service-errors";
import { closest } from "../../sdk/schema/spelling";
import { decode, encode, secretTexts, type WireValues } from "./wire";

type Unary<Request, Response> = (request: Request, secrets: string[]) => Promise<Response> | Response;

/** State and inputs of large clusters pass in one message. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

export class ProviderServer {
  readonly operations = new Operations();
  readonly log = new EngineLog();
  private readonly grpcServer = new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_LIMIT,
    "grpc.max_send_message_length": MESSAGE_LIMIT,
  });
  private readonly components: Components;
  private config: ProviderConfig = {};
  private configSecrets: string[] = [];
  private readonly kept: KeptObjects = new Map();
  private loadedSchema: Promise<PackageSchema> | undefined;

  constructor(private readonly definition: ProviderDefinition) {
    this.components = new Components(definition, () => this.schema());
    this.grpcServer.addService(ResourceProviderService, this.implementation());
  }

  /** Listens on a loopback port that the system chooses, and returns it. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      this.grpcServer.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
  }

  /** Ends early what is under way, and resolves once all of it is answered. */
  finish(): Promise<void> {
    this.operations.cancel();
    return new Promise((resolve) => this.grpcServer.tryShutdown(() => resolve()));
  }

  close(): void {
    this.operations.cancel();
    this.log.close();
    this.grpcServer.forceShutdown();
  }

  /** An error that no operation caught. */
  crash(error: unknown): void {
    this.log.debug(error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.operations.crash(error);
  }

  private schema(): Promise<PackageSchema> {
    this.loadedSchema ??= Promise.resolve(this.definition.schema()).then((schema) => schema as PackageSchema);
    return this.loadedSchema;
  }

  private implementation(): grpc.UntypedServiceImplementation {
    return {
      handshake: this.unary<proto.ProviderHandshakeRequest, proto.ProviderHandshakeResponse>((request) => {
        this.log.connect(request.getEngineAddress());
        const response = new proto.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        response.setAcceptResources(true);
        response.setAcceptOutputs(true);
        return response;
      }),
      attach: this.unary<{ getAddress(): string }, Empty>((request) => {
        this.log.connect(request.getAddress());
        return new Empty();
      }),
      getPluginInfo: this.unary<Empty, PluginInfo>(() => {
        const info = new PluginInfo();
        info.setVersion(this.definition.version);
        return info;
      }),
      getSchema: this.unary<proto.GetSchemaRequest, proto.GetSchemaResponse>(async () => {
        const response = new proto.GetSchemaResponse();
        response.setSchema(JSON.stringify(await this.schema()));
        return response;
      }),
      checkConfig: this.unary(this.checkConfig),
      diffConfig: this.unary(this.diffConfig),
      configure: this.unary(this.configure),
      check: this.unary(this.check),
      diff: this.unary(this.diff),
      create: this.unary(this.create),
      read: this.unary(this.read),
      update: this.unary(this.update),
      delete: this.unary(this.delete),
      invoke: this.unary(this.invoke),
      construct: this.unary<proto.ConstructRequest, proto.ConstructResponse>((request, secrets) => {
        secrets.push(...secretTexts(decode(request.getInputs())));
        return this.operations.run(`${request.getType().split(":").at(-1)} "${request.getName()}"`, undefined, () =>
          this.components.construct(request, this.log.engineAddress),
        );
      }),
      cancel: this.unary<Empty, Empty>(() => {
        this.operations.cancel();
        return new Empty();
      }),
      getMapping: this.unary<proto.GetMappingRequest, proto.GetMappingResponse>(() => new proto.GetMappingResponse()),
      getMappings: this.unary<proto.GetMappingsRequest, proto.GetMappingsResponse>(
        () => new proto.GetMappingsResponse(),
      ),
      parameterize: this.unimplemented("Parameterize"),
      call: this.unimplemented("Call"),
      list: this.unimplemented("List"),
    };
  }

  /** Every call is answered, whatever happens, and no answer shows a secret. */
  private unary<Request, Response>(handle: Unary<Request, Response>): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const secrets: string[] = [];
      const answer = async () => handle.call(this, call.request, secrets);
      answer().then(
        async (response) => {
          await this.log.flush();
          callback(null, response);
        },
        async (error: unknown) => {
          if (error instanceof Error && error.stack)
            this.log.debug(toServiceError(error.stack, this.hidden(secrets)).message!);
          await this.log.flush();
          callback(passThrough(error) ?? toServiceError(error, this.hidden(secrets)));
        },
      );
    };
  }

  private unimplemented(method: string): grpc.handleUnaryCall<unknown, unknown> {
    return (_call, callback) => {
      callback({ code: grpc.status.UNIMPLEMENTED, details: `${this.definition.name} does not serve ${method}` });
    };
  }

  private hidden(secrets: readonly string[]): string[] {
    return [...secrets, ...this.configSecrets];
  }

  private async checkConfig(request: proto.CheckRequest, secrets: string[]): Promise<proto.CheckResponse> {
    const news = hide(secrets, decode(request.getNews()));
    const { stored, failures } = checkConfig(this.definition, await this.schema(), news.values);
    return checkResponse({ values: stored, secrets: news.secrets }, failures, secrets);
  }

  private async diffConfig(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    const before = decode(request.getOldInputs() ?? request.getOlds()).values;
    const changes = changedConfig(await this.schema(), before, decode(request.getNews()).values);
    const detailed = changes.map((path) => [path, { kind: "update", replaces: false, ofInput: true }] as const);
    return diffResponse(new Map(detailed), false, []);
  }

  private async configure(request: proto.ConfigureRequest, secrets: string[]): Promise<proto.ConfigureResponse> {
    const schema = await this.schema();
    const given = request.hasArgs() ? decode(request.getArgs()) : fromVariables(request, this.definition.name);
    secrets.push(...secretTexts(given));
    const { config, failures } = checkConfig(this.definition, schema, given.values);
    if (failures.length > 0) {
      const problem = `the configuration of ${this.definition.name} is not valid:\n${describeFailures(failures)}`;
      throw new ServiceFailure(grpc.status.INVALID_ARGUMENT, problem);
    }
    this.config = config;
    this.kept.clear();
    this.configSecrets = configSecretTexts(schema, config);
    const response = new proto.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setAcceptresources(true);
    response.setAcceptoutputs(true);
    response.setSupportspreview(true);
    return response;
  }

  private async check(request: proto.CheckRequest, secrets: string[]): Promise<proto.CheckResponse> {
    const [olds, news] = [hide(secrets, decode(request.getOlds())), hide(secrets, decode(request.getNews()))];
    const { inputs, failures } = await (await this.resources()).check(this.subject(request, 0, secrets), olds, news);
    return checkResponse(inputs, failures, this.hidden(secrets));
  }

  private async diff(request: proto.DiffRequest, secrets: string[]): Promise<proto.DiffResponse> {
    const calls = await this.resources();
    const answer = await calls.diff(this.subject(request, 0, secrets), request.getId(), diffQuestion(request, secrets));
    return diffResponse(answer.changes, answer.deleteBeforeReplace, answer.stables);
  }

  private async create(request: proto.CreateRequest, secrets: string[]): Promise<proto.CreateResponse> {
    const inputs = hide(secrets, decode(request.getProperties()));
    const subject = this.subject(request, request.getTimeout(), secrets);
    const { id, state } = await (await this.resources()).create(subject, inputs, request.getPreview());
    const response = new proto.CreateResponse();
    response.setId(id);
    response.setProperties(encode(state));
    return response;
  }

  private async read(request: proto.ReadRequest, secrets: string[]): Promise<proto.ReadResponse> {
    const state = hide(secrets, decode(request.getProperties()));
    const inputs = hide(secrets, decode(request.getInputs()));
    const subject = this.subject(request, request.getTimeout(), secrets);
    const live = await (await this.resources()).read(subject, request.getId(), state, inputs);
    const response = new proto.ReadResponse();
    // An empty id says that it is gone.
    if (!live) return response;
    response.setId(request.getId());
    response.setProperties(encode(live.state));
    response.setInputs(encode(live.inputs));
    return response;
  }

  private async update(request: proto.UpdateRequest, secrets: string[]): Promise<proto.UpdateResponse> {
    const subject = this.subject(request, request.getTimeout(), secrets);
    const question = diffQuestion(request, secrets);
    const state = await (await this.resources()).update(subject, request.getId(), question, request.getPreview());
    const response = new proto.UpdateResponse();
    response.setProperties(encode(state));
    return response;
  }

  private async delete(request: proto.DeleteRequest, secrets: string[]): Promise<Empty> {
    const state = hide(secrets, decode(request.getProperties()));
    const inputs = hide(secrets, decode(request.getOldInputs()));
    const subject = this.subject(request, request.getTimeout(), secrets);
    await (await this.resources()).delete(subject, request.getId(), state, inputs);
    return new Empty();
  }

  private async invoke(request: proto.InvokeRequest, secrets: string[]): Promise<proto.InvokeResponse> {
    const functions = new FunctionCalls(this.definition, await this.schema(), this.operations, this.config);
    const answer = await functions.invoke(request.getTok(), hide(secrets, decode(request.getArgs())));
    const response = new proto.InvokeResponse();
    if (answer.result) response.setReturn(encode(answer.result));
    const hidden = this.hidden(secrets);
    response.setFailuresList(answer.failures.map((failure) => checkFailure(failure, hidden)));
    return response;
  }

  private async resources(): Promise<ResourceCalls> {
    return new ResourceCalls({
      schema: await this.schema(),
      operations: this.operations,
      log: this.log,
      config: this.config,
      kept: this.kept,
      handler: (type) => this.handler(type),
      placedBy: (type) => this.definition.placedBy(type),
    });
  }

  private async handler(type: string): Promise<ResourceHandler> {
    const load = this.definition.resources[type];
    if (load) return load();
    const guess = closest(type, Object.keys(this.definition.resources));
    const hint = guess ? `; did you mean ${guess}?` : "";
    throw new Error(`${this.definition.name} ${this.definition.version} has no resource type ${type}${hint}`);
  }

  private subject(
    request: { getUrn(): string; getType(): string; getName(): string },
    timeoutSeconds: number,
    secrets: readonly string[],
  ): Subject {
    const urn = request.getUrn();
    return {
      urn,
      // Engines before 3.100 send the URN alone.
      type: request.getType() || urn.split("::")[2]!.split("$").at(-1)!,
      name: request.getName() || urn.split("::").slice(3).join("::"),
      timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined,
      secrets: this.hidden(secrets),
    };
  }
}

function hide(secrets: string[], values: WireValues): WireValues {
  secrets.push(...secretTexts(values));
  return values;
}

function diffQuestion(request: proto.DiffRequest | proto.UpdateRequest, secrets: string[]): DiffQuestion {
  return {
    oldInputs: hide(secrets, decode(request.getOldInputs())),
    oldState: hide(secrets, decode(request.getOlds())),
    news: hide(secrets, decode(request.getNews())),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

/** Engines that do not send `args` send the configuration as `<package>:config:<key>`. */
function fromVariables(request: proto.ConfigureRequest, name: string): WireValues {
  const values: Record<string, unknown> = {};
  request.getVariablesMap().forEach((value, key) => {
    values[key.replace(`${name}:config:`, "")] = value;
  });
  return { values, secrets: new Set() };
}

/** The SDK's construct makes its own gRPC errors, with details in their metadata. */
function passThrough(error: unknown): Partial<grpc.ServiceError> | undefined {
  const { code, metadata } = error as Partial<grpc.ServiceError>;
  return code !== undefined && metadata instanceof grpc.Metadata
    ? { code, metadata, details: messageOf(error) }
    : undefined;
}
