import type { ServerWritableStream } from "@grpc/grpc-js";
import {
  InstallDependenciesResponse,
  RunPluginResponse,
  type InstallDependenciesRequest,
  type RunPluginRequest,
} from "@pulumi/pulumi/proto/language_pb";
import { ended, type Children } from "./children";
import { readOptions } from "./options";
import { resolveSdk, typescriptEnvironment } from "./run";

/** Runs a plugin that is written in Node.js (a folder with PulumiPlugin.yaml) and passes its output on. */
export async function runPlugin(
  call: ServerWritableStream<RunPluginRequest, RunPluginResponse>,
  children: Children,
): Promise<void> {
  const request = call.request;
  const options = readOptions(request.getInfo());
  const folder = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
  const isPolicyPack = request.getKind() === "analyzer";
  const runner = resolveSdk(isPolicyPack ? "cmd/run-policy-pack" : "cmd/run-plugin", folder);
  const given = request.getEnvList().map((entry): [string, string] => {
    const equals = entry.indexOf("=");
    return [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  const environment = given.length > 0 ? Object.fromEntries(given) : process.env;
  const child = children.start(
    process.execPath,
    [...options.nodeArguments, runner, ...pluginArguments(request, folder)],
    {
      // A policy pack is named from its own folder.
      cwd: isPolicyPack ? folder : request.getPwd() || folder,
      env: { ...environment, ...typescriptEnvironment(options) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  call.once("cancelled", () => child.kill("SIGINT"));
  const write = (set: (response: RunPluginResponse) => void): void => {
    const response = new RunPluginResponse();
    set(response);
    call.write(response);
  };
  child.stdout?.on("data", (chunk: Buffer) => write((response) => response.setStdout(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => write((response) => response.setStderr(chunk)));
  const code = await ended(child);
  write((response) => response.setExitcode(typeof code === "number" ? code : 1));
}

/** A policy pack's runner takes the engine's address first, then the pack. */
export function pluginArguments(request: RunPluginRequest, folder: string): string[] {
  const given = request.getArgsList();
  if (request.getKind() !== "analyzer") return [folder, ...given];
  const [address = "", , ...others] = given;
  return [address, folder, ...others];
}

/** Runs `install` of the program's package manager and passes its output on. */
export async function installDependencies(
  call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
  children: Children,
): Promise<void> {
  const info = call.request.getInfo();
  const { packageManager } = readOptions(info);
  const folder = info?.getProgramDirectory() || call.request.getDirectory();
  const child = children.start(packageManager, ["install"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  call.once("cancelled", () => child.kill("SIGINT"));
  const write = (set: (response: InstallDependenciesResponse) => void): void => {
    const response = new InstallDependenciesResponse();
    set(response);
    call.write(response);
  };
  child.stdout?.on("data", (chunk: Buffer) => write((response) => response.setStdout(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => write((response) => response.setStderr(chunk)));
  const code = await ended(child);
  if (code !== 0) throw new Error(`${packageManager} install failed in ${folder}: ${code}`);
}
