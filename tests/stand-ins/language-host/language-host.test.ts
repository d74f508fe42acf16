import * as assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ensureLanguageHost } from "../../../stand-ins/build/language-host";

const checkout = path.join(__dirname, "..", "..", "..");

describe("language host", () => {
  let folder: string;
  let host: ChildProcess;
  let client: LanguageRuntimeClient;

  before(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), "gpu-clusters-language-host-"));
    await ensureLanguageHost(folder);
    host = spawn(path.join(folder, "pulumi-language-nodejs"), ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(createInterface({ input: host.stdout! }), "line")) as [string];
    assert.match(port, /^\d+$/);
    client = new LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    await writeSdk(path.join(folder, "program"));
  });

  after(async () => {
    client.close();
    const ended = once(host, "exit");
    host.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
    await fs.rm(folder, { recursive: true, force: true });
  });

  it("keeps a bundle that is up to date", async () => {
    const before = await fs.stat(path.join(folder, "language-host.js"));
    await ensureLanguageHost(folder);
    assert.equal((await fs.stat(path.join(folder, "language-host.js"))).mtimeMs, before.mtimeMs);
  });

  it("answers a handshake, its version and what runs programs", async () => {
    const handshake = new language.LanguageHandshakeRequest();
    handshake.setEngineAddress("127.0.0.1:2");
    await unary((done) => client.handshake(handshake, done));
    const info = await unary<PluginInfo>((done) => client.getPluginInfo(new Empty(), done));
    const { version } = JSON.parse(await fs.readFile(path.join(checkout, "package.json"), "utf8")) as {
      version: string;
    };
    assert.equal(info.getVersion(), version);
    const about = await unary<language.AboutResponse>((done) => client.about(new language.AboutRequest(), done));
    assert.equal(about.getVersion(), process.version);
  });

  it("finds the plugins of this checkout quickly", async () => {
    const request = new language.GetRequiredPackagesRequest();
    request.setInfo(programInfo(checkout));
    const ask = () => unary<language.GetRequiredPackagesResponse>((done) => client.getRequiredPackages(request, done));
    const packages = (await ask()).getPackagesList();
    const kubernetes = packages.find((dependency) => dependency.getName() === "kubernetes");
    assert.match(kubernetes?.getVersion() ?? "", /^v4\.\d+\.\d+$/);
    assert.equal(kubernetes?.getKind(), "resource");
    assert.equal(packages.filter((dependency) => dependency.getName() === "kubernetes").length, 1);
  });

  it("finds plugins behind dependencies, with server and parameterization", async () => {
    const program = path.join(folder, "nested");
    await writePackage(program, { dependencies: { outer: "*" } });
    await writePackage(path.join(program, "node_modules", "outer"), {
      name: "outer",
      peerDependencies: { "@scope/inner": "*" },
    });
    await writePackage(path.join(program, "node_modules", "@scope", "inner"), {
      name: "@scope/inner",
      version: "2.3.4",
      dependencies: { outer: "*" },
      pulumi: {
        resource: true,
        server: "https://plugins.example",
        parameterization: { name: "base", version: "1.0.0", value: Buffer.from("value").toString("base64") },
      },
    });
    await writePackage(path.join(program, "node_modules", "unused"), { name: "unused", pulumi: { resource: true } });
    const request = new language.GetRequiredPackagesRequest();
    request.setInfo(programInfo(path.join(program)));
    const response = await unary<language.GetRequiredPackagesResponse>((done) =>
      client.getRequiredPackages(request, done),
    );
    const [inner, ...others] = response.getPackagesList();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [inner?.getName(), inner?.getVersion(), inner?.getServer()],
      ["inner", "v2.3.4", "https://plugins.example"],
    );
    assert.equal(inner?.getParameterization()?.getName(), "base");
  });

  it("lists direct dependencies with their versions", async () => {
    const request = new language.GetProgramDependenciesRequest();
    request.setInfo(programInfo(checkout));
    const response = await unary<language.GetProgramDependenciesResponse>((done) =>
      client.getProgramDependencies(request, done),
    );
    const pulumi = response.getDependenciesList().find((dependency) => dependency.getName() === "@pulumi/pulumi");
    assert.match(pulumi?.getVersion() ?? "", /^3\./);
  });

  it("starts the SDK's runner with addresses, config and node's own arguments", async () => {
    const program = path.join(folder, "program");
    const request = runRequest(program, { typescript: false, nodeargs: "--no-warnings --title 'a b'" });
    request.getConfigMap().set("project:key", "value").set("gpu-clusters:cudo", "{}");
    request.setConfigsecretkeysList(["project:key"]);
    request.setDryrun(true);
    const response = await unary<language.RunResponse>((done) => client.run(request, done));
    assert.deepEqual([response.getError(), response.getBail()], ["", false]);
    const seen = JSON.parse(await fs.readFile(path.join(program, "seen.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual(seen.args, [
      "--monitor",
      "127.0.0.1:3",
      "--engine",
      "127.0.0.1:2",
      "--organization",
      "organization",
      "--project",
      "project",
      "--root-directory",
      program,
      "--stack",
      "stack",
      "--pwd",
      program,
      "--parallel",
      "4",
      "--dry-run",
      "index.ts",
    ]);
    assert.deepEqual(seen.execArgv, ["--no-warnings", "--title", "a b"]);
    assert.deepEqual(seen.config, { "project:config:key": "value", "gpu-clusters:config:cudo": "{}" });
    assert.deepEqual(seen.secretKeys, ["project:key"]);
    assert.equal(seen.typescript, undefined);
    assert.equal(seen.cwd, await fs.realpath(program));
  });

  it("asks for TypeScript unless told otherwise", async () => {
    const program = path.join(folder, "program");
    await unary((done) => client.run(runRequest(program, {}), done));
    const seen = JSON.parse(await fs.readFile(path.join(program, "seen.json"), "utf8")) as Record<string, unknown>;
    assert.equal(seen.typescript, "true");
  });

  it("tells a reported failure, a crash and a missing SDK apart", async () => {
    const answers: [string, string, boolean][] = [];
    for (const project of ["exit-32", "exit-1", "missing"]) {
      const request = runRequest(path.join(folder, project === "missing" ? "nothing-here" : "program"), {});
      request.setProject(project);
      const response = await unary<language.RunResponse>((done) => client.run(request, done));
      answers.push([project, response.getError().replace(folder, "…"), response.getBail()]);
    }
    assert.deepEqual(answers, [
      ["exit-32", "", true],
      ["exit-1", "Program exited with non-zero exit code: 1", false],
      ["missing", "@pulumi/pulumi is not installed in …/nothing-here: run the package manager's install there", false],
    ]);
  });

  it("refuses options without sense, naming them", async () => {
    const response = await unary<language.RunResponse>((done) =>
      client.run(runRequest(path.join(folder, "program"), { packagemanager: "cargo" }), done),
    );
    assert.match(response.getError(), /runtime\.options\.packagemanager must be one of npm, pnpm, yarn, bun/);
  });

  it("interrupts a running program on cancel", async () => {
    const program = path.join(folder, "program");
    await fs.rm(path.join(program, "seen.json"), { force: true });
    const request = runRequest(program, {});
    request.setProject("wait");
    const running = unary<language.RunResponse>((done) => client.run(request, done));
    const watcher = fs.watch(program);
    for await (const { filename } of watcher) if (filename === "seen.json") break;
    await unary((done) => client.cancel(new Empty(), done));
    assert.equal((await running).getError(), "Program exited with non-zero exit code: SIGINT");
  });

  it("ends when the engine that started it is killed", async () => {
    const engine = spawn("sh", ["-c", `'${path.join(folder, "pulumi-language-nodejs")}' 127.0.0.1:1 & echo $!; wait`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    // The host holds the pipe too: the lines end when both are gone.
    for await (const line of createInterface({ input: engine.stdout })) {
      lines.push(line);
      if (lines.length === 2) engine.kill("SIGKILL");
    }
    assert.match(lines.join(" "), /^\d+ \d+$/);
    assert.equal(engine.signalCode, "SIGKILL");
  });

  it("runs a plugin and passes on its output and exit code", async () => {
    const request = new language.RunPluginRequest();
    request.setInfo(programInfo(path.join(folder, "program")));
    request.setPwd(folder);
    request.setArgsList(["127.0.0.1:2"]);
    request.setEnvList([`PATH=${process.env.PATH ?? ""}`, "GREETING=hello"]);
    let output = "";
    let code: number | undefined;
    const call = client.runPlugin(request);
    call.on("data", (response: language.RunPluginResponse) => {
      if (response.hasStdout()) output += Buffer.from(response.getStdout_asU8()).toString();
      if (response.hasExitcode()) code = response.getExitcode();
    });
    await once(call, "end");
    assert.deepEqual([output, code], [`hello ${path.join(folder, "program")} 127.0.0.1:2\n`, 7]);
  });
});

/** A program whose @pulumi/pulumi writes down how it was started and ends as the project's name says. */
async function writeSdk(program: string): Promise<void> {
  const sdk = path.join(program, "node_modules", "@pulumi", "pulumi");
  await writePackage(program, { dependencies: { "@pulumi/pulumi": "*" } });
  await writePackage(sdk, { name: "@pulumi/pulumi", version: "3.0.0" });
  await fs.mkdir(path.join(sdk, "cmd", "run"), { recursive: true });
  await fs.mkdir(path.join(sdk, "cmd", "run-plugin"), { recursive: true });
  await fs.writeFile(
    path.join(sdk, "cmd", "run", "index.js"),
    `const { writeFileSync } = require("node:fs");
     const args = process.argv.slice(2), { execArgv, env } = process;
     const project = args[args.indexOf("--project") + 1];
     if (project === "wait") setTimeout(() => {}, 60_000);
     writeFileSync("seen.json", JSON.stringify({ args, execArgv, cwd: process.cwd(), config: JSON.parse(env.PULUMI_CONFIG),
       secretKeys: JSON.parse(env.PULUMI_CONFIG_SECRET_KEYS), typescript: env.PULUMI_NODEJS_TYPESCRIPT }));
     if (project.startsWith("exit-")) process.exit(Number(project.slice(5)));`,
  );
  await fs.writeFile(
    path.join(sdk, "cmd", "run-plugin", "index.js"),
    `console.log(process.env.GREETING, ...process.argv.slice(2)); process.exitCode = 7;`,
  );
}

async function writePackage(folder: string, manifest: object): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  await fs.writeFile(path.join(folder, "package.json"), JSON.stringify(manifest));
}

function programInfo(folder: string, options: Record<string, string | boolean> = {}): language.ProgramInfo {
  const info = new language.ProgramInfo();
  info.setRootDirectory(folder);
  info.setProgramDirectory(folder);
  info.setEntryPoint("index.ts");
  info.setOptions(Struct.fromJavaScript(options));
  return info;
}

function runRequest(program: string, options: Record<string, string | boolean>): language.RunRequest {
  const request = new language.RunRequest();
  request.setInfo(programInfo(program, options));
  request.setMonitorAddress("127.0.0.1:3");
  request.setOrganization("organization");
  request.setProject("project");
  request.setStack("stack");
  request.setParallel(4);
  return request;
}

function unary<Response>(
  call: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));
}
