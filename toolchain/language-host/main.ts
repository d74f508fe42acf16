import { serveLanguageHost } from "./server";

// The engine starts us as `pulumi-language-nodejs [flags] <engine address>` and reads the port from our first line.
const engine = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";

serveLanguageHost(engine).then(
  (host) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        host.close();
        process.exit(0);
      });
    }
    process.stdout.write(`${host.port}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`pulumi-language-nodejs: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
