/**
 * The SDK logs every answer of the engine at debug level, with secrets as they are, and `--json`, `--debug` and streamed previews print it. So
 * a message with a secret in it ends where the values begin. Loaded before the first resource, by sdk/pulumi.ts.
 */
/** How secrets are marked between programs and the engine (reference: Pulumi, sdk/nodejs/runtime/rpc.ts, `specialSecretSig`). */
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** A message of the SDK without the values of a request or an answer that holds secrets. Pure. */
export function withoutSecretValues(message: string): string {
  if (!message.includes(secretMark)) return message;
  const [, label = ""] = /^(.*?)(?:, |; )?(?:obj|props|resp|err)[=:]/s.exec(message) ?? [];
  return `${label.includes(secretMark) ? "" : label} (has secrets, not logged)`.trimStart();
}

interface DebugLog {
  debug(message: string, ...rest: unknown[]): Promise<void>;
}

// The SDK calls it by this object, not by a copy of the function.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const log = require("@pulumi/pulumi/log") as DebugLog;
const { debug } = log;
log.debug = (message, ...rest) => debug(withoutSecretValues(String(message)), ...rest);
