/** The gRPC side of every stand-in: the provider protocol for any type token. */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineLog } from "../../provider/server/engine-log";
import { Operations } from "../../provider/server/operations";
import type { PluginServer } from "../../provider/server/plugin-process";
import { PartialFailure, type CheckFailure, type ResourceLog } from "../../provider/server/resource";
import type { DetailedChange, DiffQuestion } from "../../provider/server/resource-diff";
import { checkResponse, diffResponse } from "../../provider/server/responses";
import { InitializationFailure, toServiceError } from "../../provider/server/service-errors";
import { decode, encode, secretTexts, type Properties, type WireValues } from "../../provider/server/wire";
import { NotServed } from "./not-served";

const messageLimit = 400 * 1024 * 1024;

/** What one call is about. */
export interface Subject {
  readonly urn: string;
  /** The type token. */
  readonly token: string;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  readonly log: ResourceLog;
}

/** The calls about resources and functions, with one configuration of the provider. Each rejects for what it does not serve. */
export interface Calls {
  check(
    subject: Subject,
    seed: Uint8Array,
    before: WireValues,
    news: WireValues,
  ): Promise<{ inputs: WireValues; failures: readonly CheckFailure[] }>;
  diff(
    subject: Subject,
    question: DiffQuestion,
  ): Promise<{ changes: ReadonlyMap<string, DetailedChange>; deleteBeforeReplace: boolean }>;
  previewCreate(subject: Subject, inputs: WireValues): Promise<WireValues>;
  create(subject: Subject, inputs: WireValues): Promise<{ id: string; state: WireValues }>;
  /** Undefined when it is gone. */
  read(
    subject: Subject,
    id: string,
    oldState: WireValues,
    oldInputs: WireValues,
  ): Promise<{ state: WireValues; inputs: WireValues } | undefined>;
  previewUpdate(subject: Subject, id: string, question: DiffQuestion): Promise<WireValues>;
  update(subject: Subject, id: string, question: DiffQuestion): Promise<WireValues>;
  delete(subject: Subject, id: string, oldState: WireValues, oldInputs: WireValues): Promise<void>;
  /** What the state keeps of a resource that exists but is not right. */
  kept(outputs: Properties, inputs: WireValues): WireValues;
  /** A function of the provider. */
  invoke?(token: string, args: WireValues, signal: AbortSignal): Promise<WireValues>;
}

/** What one stand-in puts behind the protocol. */
export interface StandIn {
  /** The provider's name, `kubernetes`. */
  readonly provider: string;
  /** The version of the official provider whose tokens and configuration this follows. */
  readonly version: string;
  /** The configuration of a preview that does not know it: the engine does not configure such a provider. */
  readonly unknownConfiguration: Properties;
  /** `configuration` is completed in place with what the environment says. */
  checkConfiguration(configuration: Properties): readonly CheckFailure[];
  diffConfiguration(before: Properties, after: Properties): ReadonlyMap<string, DetailedChange>;
  calls(configuration: Properties): Calls;
}

interface ResourceRequest {
  getUrn(): string;
  getType(): string;
  getName(): string;
}

export class StandInServer implements PluginServer {
  readonly operations = new Operations();
  readonly log = new EngineLog();
  readonly #server = new grpc.Server({
    "grpc.max_receive_message_length": messageLimit,
    "grpc.max_send_message_length": messageLimit,
  });
  #configured: Calls | undefined;

  constructor(private readonly standIn: StandIn) {
    this.#server.addService(ResourceProviderService, this.#implementation());
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      this.#server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port)));
    });
  }

  crash(error: unknown): void {
    this.operations.crash(error);
  }

  finish(): Promise<void> {
    this.operations.cancel();
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  close(): void {
    this.operations.cancel();
    this.log.close();
    this.#server.forceShutdown();
  }

  #implementation(): grpc.UntypedServiceImplementation {
    return {
      handshake: this.#unary((request: proto.ProviderHandshakeRequest) => {
        this.log.connect(request.getEngineAddress());
        const response = new proto.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        response.setAcceptResources(true);
        response.setAcceptOutputs(true);
        return response;
      }),
      attach: this.#unary((request: { getAddress(): string }) => {
        this.log.connect(request.getAddress());
        return new Empty();
      }),
      getPluginInfo: this.#unary(() => {
        const info = new PluginInfo();
        info.setVersion(this.standIn.version);
        return info;
      }),
      getSchema: this.#unary(() => {
        const response = new proto.GetSchemaResponse();
        const { provider: name, version } = this.standIn;
        response.setSchema(JSON.stringify({ name, version, resources: {} }));
        return response;
      }),
      checkConfig: this.#unary((request: proto.CheckRequest, hide) => {
        const news = hide(decode(request.getNews()));
        return checkResponse(news, this.standIn.checkConfiguration(news.values), hide.texts);
      }),
      diffConfig: this.#unary((request: proto.DiffRequest) => {
        const before = decode(request.getOldInputs() ?? request.getOlds()).values;
        return diffResponse(this.standIn.diffConfiguration(before, decode(request.getNews()).values), false, []);
      }),
      configure: this.#unary((request: proto.ConfigureRequest, hide) => {
        this.#configured = this.standIn.calls(hide(decode(request.getArgs())).values);
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setAcceptresources(true);
        response.setAcceptoutputs(true);
        response.setSupportspreview(true);
        return response;
      }),
      check: this.#unary(async (request: proto.CheckRequest, hide) => {
        const [before, news] = [hide(decode(request.getOlds())), hide(decode(request.getNews()))];
        const { inputs, failures } = await this.#run("check", request, 0, hide.texts, (calls, subject) =>
          calls.check(subject, request.getRandomseed_asU8(), before, news),
        );
        return checkResponse(inputs, failures, hide.texts);
      }),
      diff: this.#unary(async (request: proto.DiffRequest, hide) => {
        const question = questionOf(request, hide);
        const { changes, deleteBeforeReplace } = await this.#run("diff", request, 0, hide.texts, (calls, subject) =>
          calls.diff(subject, question),
        );
        return diffResponse(changes, deleteBeforeReplace, []);
      }),
      create: this.#unary(async (request: proto.CreateRequest, hide) => {
        const inputs = hide(decode(request.getProperties()));
        const creating = this.#run("create", request, request.getTimeout(), hide.texts, async (calls, subject) =>
          request.getPreview()
            ? { id: "", state: await calls.previewCreate(subject, inputs) }
            : calls.create(subject, inputs),
        );
        const { id, state } = await creating.catch((error: unknown) => this.#throwKeeping(error, inputs));
        const response = new proto.CreateResponse();
        response.setId(id);
        response.setProperties(encode(state));
        return response;
      }),
      read: this.#unary(async (request: proto.ReadRequest, hide) => {
        const [state, inputs] = [hide(decode(request.getProperties())), hide(decode(request.getInputs()))];
        const live = await this.#run("read", request, request.getTimeout(), hide.texts, (calls, subject) =>
          calls.read(subject, request.getId(), state, inputs),
        );
        const response = new proto.ReadResponse();
        if (live === undefined) return response;
        response.setId(request.getId());
        response.setProperties(encode(live.state));
        response.setInputs(encode(live.inputs));
        return response;
      }),
      update: this.#unary(async (request: proto.UpdateRequest, hide) => {
        const question = questionOf(request, hide);
        const updating = this.#run("update", request, request.getTimeout(), hide.texts, (calls, subject) =>
          request.getPreview()
            ? calls.previewUpdate(subject, request.getId(), question)
            : calls.update(subject, request.getId(), question),
        );
        const state = await updating.catch((error: unknown) => this.#throwKeeping(error, question.news));
        const response = new proto.UpdateResponse();
        response.setProperties(encode(state));
        return response;
      }),
      delete: this.#unary(async (request: proto.DeleteRequest, hide) => {
        const [state, inputs] = [hide(decode(request.getProperties())), hide(decode(request.getOldInputs()))];
        await this.#run("delete", request, request.getTimeout(), hide.texts, (calls, subject) =>
          calls.delete(subject, request.getId(), state, inputs),
        );
        return new Empty();
      }),
      invoke: this.#unary(async (request: proto.InvokeRequest, hide) => {
        const token = request.getTok();
        const calls = this.#calls();
        if (!calls.invoke) throw this.#notServed(`the function ${token}`);
        const args = hide(decode(request.getArgs()));
        const result = await this.operations.run(token.split(":").at(-1)!, undefined, (signal) =>
          calls.invoke!(token, args, signal),
        );
        const response = new proto.InvokeResponse();
        response.setReturn(encode(result));
        return response;
      }),
      call: this.#unary((request: proto.CallRequest) => {
        throw this.#notServed(`the method ${request.getTok()}`);
      }),
      construct: this.#unary((request: proto.ConstructRequest) => {
        throw this.#notServed(`the component ${request.getType()}`);
      }),
      cancel: this.#unary(() => {
        this.operations.cancel();
        return new Empty();
      }),
      getMapping: this.#unary(() => new proto.GetMappingResponse()),
      getMappings: this.#unary(() => new proto.GetMappingsResponse()),
      parameterize: unimplemented,
      list: unimplemented,
    };
  }

  /** Every call is answered, and no answer shows a secret. */
  #unary<Request, Response>(
    handle: (request: Request, hide: Hide) => Promise<Response> | Response,
  ): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const hide = hiding();
      const answer = async () => handle(call.request, hide);
      answer().then(
        async (response) => {
          await this.log.flush();
          callback(null, response);
        },
        async (error: unknown) => {
          await this.log.flush();
          callback(toServiceError(error, hide.texts));
        },
      );
    };
  }

  #calls(): Calls {
    return (this.#configured ??= this.standIn.calls(this.standIn.unknownConfiguration));
  }

  #notServed(what: string): NotServed {
    return new NotServed(this.standIn.provider, what);
  }

  /** What exists must stay in the state. */
  #throwKeeping(error: unknown, inputs: WireValues): never {
    if (!(error instanceof PartialFailure)) throw error;
    const state = this.#calls().kept({ ...error.outputs }, inputs);
    throw new InitializationFailure(error.id, state, inputs, error.reasons);
  }

  #run<T>(
    verb: string,
    request: ResourceRequest,
    timeoutSeconds: number,
    secrets: readonly string[],
    work: (calls: Calls, subject: Subject) => Promise<T>,
  ): Promise<T> {
    const urn = request.getUrn();
    const token = request.getType() || urn.split("::")[2]!.split("$").at(-1)!;
    const name = request.getName() || urn.split("::").slice(3).join("::");
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined;
    const calls = this.#calls();
    return this.operations.run(`${verb} of ${token.split(":").at(-1)} "${name}"`, timeoutMs, (signal) =>
      work(calls, { urn, token, name, signal, timeoutMs, log: this.log.forResource(urn, secrets) }),
    );
  }
}

interface Hide {
  (values: WireValues): WireValues;
  /** Every secret text that passed. */
  readonly texts: string[];
}

function hiding(): Hide {
  const texts: string[] = [];
  return Object.assign(
    (values: WireValues) => {
      texts.push(...secretTexts(values));
      return values;
    },
    { texts },
  );
}

function questionOf(request: proto.DiffRequest | proto.UpdateRequest, hide: Hide): DiffQuestion {
  return {
    oldInputs: hide(decode(request.getOldInputs())),
    oldState: hide(decode(request.getOlds())),
    news: hide(decode(request.getNews())),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

const unimplemented: grpc.handleUnaryCall<unknown, unknown> = (_call, callback) => {
  callback({ code: grpc.status.UNIMPLEMENTED, details: "the stand-in does not serve this" });
};
