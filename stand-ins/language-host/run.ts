import { createRequire } from "node:module";
import * as path from "node:path";
import { RunResponse, type RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { messageOf } from "../../sdk/message";
import { ended, type Children } from "./children";
import { readOptions, type RuntimeOptions } from "./options";

/** The SDK's program runner exits with it when it has told the user of the failure already. */
const failureIsReported = 32;

/** The command line and environment of one run of a program. */
export interface ProgramStart {
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** How the SDK's runner in the program's own @pulumi/pulumi is started for a request. */
function programStart(
  request: RunRequest,
  options: RuntimeOptions,
  runner: string,
  engineAddress: string,
  environment: NodeJS.ProcessEnv,
): ProgramStart {
  const info = request.getInfo();
  const flags: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info?.getRootDirectory() ?? ""],
    ["stack", request.getStack()],
    ["pwd", info?.getProgramDirectory() ?? ""],
    ["parallel", String(request.getParallel())],
  ];
  const args = [...options.nodeArguments, runner];
  for (const [flag, value] of flags) if (value !== "") args.push(`--${flag}`, value);
  if (request.getDryrun()) args.push("--dry-run");
  args.push(info?.getEntryPoint() || ".", ...request.getArgsList());
  return {
    args,
    env: {
      ...environment,
      ...typescriptEnvironment(options),
      PULUMI_CONFIG: JSON.stringify(configuration(request)),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  };
}

export function typescriptEnvironment(options: RuntimeOptions): Record<string, string> {
  const environment: Record<string, string> = {};
  if (options.typescript) environment.PULUMI_NODEJS_TYPESCRIPT = "true";
  if (options.typescript && options.tsconfig) environment.PULUMI_NODEJS_TSCONFIG_PATH = options.tsconfig;
  return environment;
}

/** The SDK reads keys as `<namespace>:config:<name>`; the engine sends `<namespace>:<name>`. */
function configuration(request: RunRequest): Record<string, string> {
  const entries: [string, string][] = [];
  request.getConfigMap().forEach((value, key) => {
    const colon = key.indexOf(":");
    entries.push([`${key.slice(0, colon)}:config${key.slice(colon)}`, value]);
  });
  return Object.fromEntries(entries);
}

/** Path of a module of the @pulumi/pulumi that the program installed. */
export function resolveSdk(module: string, programFolder: string): string {
  try {
    return createRequire(path.join(programFolder, "noop.js")).resolve(`@pulumi/pulumi/${module}`);
  } catch {
    throw new Error(`@pulumi/pulumi is not installed in ${programFolder}: run the package manager's install there`);
  }
}

/** Runs the program to its end. A program that fails is an answer, not an exception. */
export async function run(request: RunRequest, engineAddress: string, children: Children): Promise<RunResponse> {
  const response = new RunResponse();
  const folder = request.getInfo()?.getProgramDirectory() ?? process.cwd();
  try {
    const options = readOptions(request.getInfo());
    const runner = resolveSdk("cmd/run", folder);
    const { args, env } = programStart(request, options, runner, engineAddress, process.env);
    // Started in the program's folder, so that `--require tsx/cjs` in nodeargs is looked up there.
    const child = children.start(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
    const code = await ended(child);
    if (code === failureIsReported) response.setBail(true);
    else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
  } catch (error) {
    response.setError(messageOf(error));
  }
  return response;
}
