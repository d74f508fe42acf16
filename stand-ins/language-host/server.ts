import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { messageOf } from "../../sdk/message";
import { Children } from "./children";
import { allDependencies, directDependencies } from "./installed-packages";
import { requiredPackages } from "./required-packages";
import { run } from "./run";
import { installDependencies, runPlugin } from "./run-plugin";

/** Set by the bundler to the version of this package. */
declare const LANGUAGE_HOST_VERSION: string;

export interface LanguageHost {
  /** Port on 127.0.0.1. */
  port: number;
  /** Interrupts what runs and stops listening. */
  close(): void;
}

/**
 * Serves Pulumi's LanguageRuntime for Node.js programs: what `pulumi` needs to run them. Code generation and project
 * templates answer UNIMPLEMENTED.
 * @param initialEngine address of the engine from the command line; a Handshake replaces it
 */
export async function serveLanguageHost(initialEngine: string): Promise<LanguageHost> {
  const children = new Children();
  let engine = initialEngine;
  // The engine sends whole state files; gRPC's default of 4 MB is too small for them.
  const server = new grpc.Server({
    "grpc.max_receive_message_length": 400 * 1024 * 1024,
    "grpc.max_send_message_length": -1,
  });
  server.addService(LanguageRuntimeService as unknown as grpc.ServiceDefinition, {
    handshake: answer((request: language.LanguageHandshakeRequest) => {
      engine = request.getEngineAddress() || engine;
      return new language.LanguageHandshakeResponse();
    }),
    getPluginInfo: answer(() => {
      const info = new PluginInfo();
      info.setVersion(LANGUAGE_HOST_VERSION);
      return info;
    }),
    about: answer(() => {
      const about = new language.AboutResponse();
      about.setExecutable(process.execPath);
      about.setVersion(process.version);
      return about;
    }),
    getRequiredPackages: answer((request: language.GetRequiredPackagesRequest) => {
      const response = new language.GetRequiredPackagesResponse();
      response.setPackagesList(requiredPackages(programFolder(request)));
      return response;
    }),
    getProgramDependencies: answer((request: language.GetProgramDependenciesRequest) => {
      const find = request.getTransitivedependencies() ? allDependencies : directDependencies;
      const response = new language.GetProgramDependenciesResponse();
      response.setDependenciesList(
        find(programFolder(request)).map(({ name, manifest }) => {
          const dependency = new language.DependencyInfo();
          dependency.setName(name);
          dependency.setVersion(manifest.version ?? "");
          return dependency;
        }),
      );
      return response;
    }),
    run: answer((request: language.RunRequest) => run(request, engine, children)),
    runPlugin: stream((call: grpc.ServerWritableStream<language.RunPluginRequest, language.RunPluginResponse>) =>
      runPlugin(call, children),
    ),
    installDependencies: stream(
      (call: grpc.ServerWritableStream<language.InstallDependenciesRequest, language.InstallDependenciesResponse>) =>
        installDependencies(call, children),
    ),
    cancel: answer(() => {
      children.interrupt();
      return new Empty();
    }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close: () => {
      children.interrupt();
      server.forceShutdown();
    },
  };
}

function programFolder(request: { getInfo(): language.ProgramInfo | undefined }): string {
  return request.getInfo()?.getProgramDirectory() || process.cwd();
}

function failure(error: unknown): Partial<grpc.ServiceError> {
  return { code: grpc.status.UNKNOWN, details: messageOf(error) };
}

function answer<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(failure(error)),
      );
  };
}

function stream<Request, Response>(
  handle: (call: grpc.ServerWritableStream<Request, Response>) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
  return (call) => {
    handle(call).then(
      () => call.end(),
      (error: unknown) => call.emit("error", failure(error)),
    );
  };
}
