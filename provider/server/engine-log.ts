/** Messages to the user, over the engine's own log: they appear live under the resource that they belong to. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Progress } from "./progress";
import { redact } from "./redaction";
import type { ResourceLog } from "./resource";

export class EngineLog {
  private client: EngineClient | undefined;
  private address: string | undefined;
  /** Messages are sent one after the other, so that the last status is the last one shown. */
  private sent: Promise<void> = Promise.resolve();

  connect(address: string): void {
    if (address === "" || address === this.address) return;
    this.close();
    this.address = address;
  }

  get engineAddress(): string | undefined {
    return this.address;
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  /** Resolves when everything logged so far has reached the engine, or cannot. */
  flush(): Promise<void> {
    return this.sent;
  }

  forResource(urn: string, secrets: readonly string[]): ResourceLog {
    const progress = new Progress();
    const to = (severity: LogSeverity, ephemeral: boolean) => (message: string) => {
      this.write(severity, redact(message, secrets), urn, ephemeral);
    };
    return {
      debug: to(LogSeverity.DEBUG, false),
      info: to(LogSeverity.INFO, false),
      warn: to(LogSeverity.WARNING, false),
      status: (message) => {
        if (progress.isNews(message, Date.now())) to(LogSeverity.INFO, true)(message);
      },
    };
  }

  debug(message: string): void {
    this.write(LogSeverity.DEBUG, message, "", false);
  }

  private write(severity: LogSeverity, message: string, urn: string, ephemeral: boolean): void {
    if (this.address === undefined) return;
    this.client ??= new EngineClient(this.address, grpc.credentials.createInsecure());
    const client = this.client;
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    // A message that cannot be shown must not fail the operation that it is about.
    this.sent = this.sent.then(
      () =>
        new Promise((done) => client.log(request, new grpc.Metadata(), { deadline: Date.now() + 2_000 }, () => done())),
    );
  }
}
