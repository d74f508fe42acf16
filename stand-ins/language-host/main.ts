import { messageOf } from "../../sdk/message";
import { serveLanguageHost } from "./server";

// The engine starts us as `pulumi-language-nodejs [flags] <engine address>` and reads the port from our first line.
const engine = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";

serveLanguageHost(engine).then(
  (host) => {
    const end = (): never => {
      host.close();
      process.exit(0);
    };
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    // An engine that was killed tells nobody; our new parent does.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && end(), 1_000).unref();
    process.stdout.write(`${host.port}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`pulumi-language-nodejs: ${messageOf(error)}\n`);
    process.exit(1);
  },
);
