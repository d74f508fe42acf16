/** The gRPC side of the stand-in: the provider protocol for any type token. */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineLog } from "../../../sdk/plugin/engine-log";
import { Operations } from "../../../sdk/plugin/operations";
import type { PluginServer } from "../../../sdk/plugin/plugin-process";
import { PartialFailure } from "../../../sdk/plugin/resource";
import type { DiffQuestion } from "../../../sdk/plugin/resource-diff";
import { checkResponse, diffResponse } from "../../../sdk/plugin/responses";
import { InitializationFailure, toServiceError } from "../../../sdk/plugin/service-errors";
import { decode, encode, secretTexts, type WireValues } from "../../../sdk/plugin/wire";
import { checkConfiguration, configurationOf, diffConfiguration } from "./configuration";
import { Unknown } from "../../../sdk/plugin/values";
import { marked, Resources, type Subject } from "./resources";
import { NotServed } from "./type-token";

const messageLimit = 400 * 1024 * 1024;

/** The version of @pulumi/kubernetes whose tokens and configuration this follows. */
const version = "4.34.2";

interface ResourceRequest {
  getUrn(): string;
  getType(): string;
  getName(): string;
}

export class KubernetesStandIn implements PluginServer {
  readonly operations = new Operations();
  readonly log = new EngineLog();
  readonly #server = new grpc.Server({
    "grpc.max_receive_message_length": messageLimit,
    "grpc.max_send_message_length": messageLimit,
  });
  #configured: Resources | undefined;

  constructor() {
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
        info.setVersion(version);
        return info;
      }),
      getSchema: this.#unary(() => {
        const response = new proto.GetSchemaResponse();
        response.setSchema(JSON.stringify({ name: "kubernetes", version, resources: {} }));
        return response;
      }),
      checkConfig: this.#unary((request: proto.CheckRequest, hide) => {
        const news = hide(decode(request.getNews()));
        return checkResponse(news, checkConfiguration(news.values));
      }),
      diffConfig: this.#unary((request: proto.DiffRequest) => {
        const before = decode(request.getOldInputs() ?? request.getOlds()).values;
        return diffResponse(diffConfiguration(before, decode(request.getNews()).values), false, []);
      }),
      configure: this.#unary((request: proto.ConfigureRequest, hide) => {
        const values = hide(decode(request.getArgs())).values;
        this.#configured = new Resources(configurationOf(values));
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setAcceptresources(true);
        response.setAcceptoutputs(true);
        response.setSupportspreview(true);
        return response;
      }),
      check: this.#unary(async (request: proto.CheckRequest, hide) => {
        const [before, news] = [hide(decode(request.getOlds())), hide(decode(request.getNews()))];
        const { inputs, failures } = await this.#run("check", request, 0, hide.texts, (resources, subject) =>
          resources.check(subject, request.getRandomseed_asU8(), before, news),
        );
        return checkResponse(inputs, failures);
      }),
      diff: this.#unary(async (request: proto.DiffRequest, hide) => {
        const question = questionOf(request, hide);
        const { changes, deleteBeforeReplace } = await this.#run("diff", request, 0, hide.texts, (resources, subject) =>
          resources.diff(subject, question),
        );
        return diffResponse(changes, deleteBeforeReplace, []);
      }),
      create: this.#unary(async (request: proto.CreateRequest, hide) => {
        const inputs = hide(decode(request.getProperties()));
        const creating = this.#run("create", request, request.getTimeout(), hide.texts, async (resources, subject) =>
          request.getPreview()
            ? { id: "", state: await resources.previewCreate(subject, inputs) }
            : resources.create(subject, inputs),
        );
        const { id, state } = await creating.catch((error: unknown) => throwKeeping(error, inputs));
        const response = new proto.CreateResponse();
        response.setId(id);
        response.setProperties(encode(state));
        return response;
      }),
      read: this.#unary(async (request: proto.ReadRequest, hide) => {
        const [state, inputs] = [hide(decode(request.getProperties())), hide(decode(request.getInputs()))];
        const live = await this.#run("read", request, request.getTimeout(), hide.texts, (resources, subject) =>
          resources.read(subject, request.getId(), state, inputs),
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
        const updating = this.#run("update", request, request.getTimeout(), hide.texts, (resources, subject) =>
          request.getPreview() ? resources.previewUpdate(subject, question) : resources.update(subject, question),
        );
        const state = await updating.catch((error: unknown) => throwKeeping(error, question.news));
        const response = new proto.UpdateResponse();
        response.setProperties(encode(state));
        return response;
      }),
      delete: this.#unary(async (request: proto.DeleteRequest, hide) => {
        const [state, inputs] = [hide(decode(request.getProperties())), hide(decode(request.getOldInputs()))];
        await this.#run("delete", request, request.getTimeout(), hide.texts, (resources, subject) =>
          resources.delete(subject, request.getId(), state, inputs),
        );
        return new Empty();
      }),
      invoke: this.#unary((request: proto.InvokeRequest) => {
        throw new NotServed(`the function ${request.getTok()}`);
      }),
      call: this.#unary((request: proto.CallRequest) => {
        throw new NotServed(`the method ${request.getTok()}`);
      }),
      construct: this.#unary((request: proto.ConstructRequest) => {
        throw new NotServed(`the component ${request.getType()}`);
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

  #run<T>(
    verb: string,
    request: ResourceRequest,
    timeoutSeconds: number,
    secrets: readonly string[],
    work: (resources: Resources, subject: Subject) => Promise<T>,
  ): Promise<T> {
    const urn = request.getUrn();
    const token = request.getType() || urn.split("::")[2]!.split("$").at(-1)!;
    const name = request.getName() || urn.split("::").slice(3).join("::");
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined;
    // A preview that does not know the provider's configuration does not configure it.
    const resources = (this.#configured ??= new Resources(configurationOf({ kubeconfig: Unknown.value })));
    return this.operations.run(`${verb} of ${token.split(":").at(-1)} "${name}"`, timeoutMs, (signal) =>
      work(resources, { urn, token, name, signal, timeoutMs, log: this.log.forResource(urn, secrets) }),
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

/** What exists must stay in the state. */
function throwKeeping(error: unknown, inputs: WireValues): never {
  if (!(error instanceof PartialFailure)) throw error;
  throw new InitializationFailure(error.id, marked({ ...error.outputs }, inputs), inputs, error.reasons);
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
