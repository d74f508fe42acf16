/** How failures travel to the engine. */
import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { messageOf } from "../../sdk/message";
import { redact } from "./redaction";
import { encode, type WireValues } from "./wire";

/** Something exists but is not right. Carries what the state must keep. */
export class InitializationFailure extends Error {
  override readonly name = "InitializationFailure";
  constructor(
    readonly id: string,
    readonly state: WireValues,
    readonly inputs: WireValues,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
  }
}

export function toServiceError(error: unknown, secrets: readonly string[]): Partial<grpc.ServiceError> {
  const message = redact(messageOf(error), secrets);
  // Other errors have codes too (a cloud's, Node's), which mean something else to the engine.
  const code = error instanceof ServiceFailure ? error.code : grpc.status.UNKNOWN;
  const answer: Partial<grpc.ServiceError> = { code, message, details: message };
  if (error instanceof InitializationFailure) answer.metadata = initializationDetails(error, message, secrets);
  return answer;
}

function initializationDetails(
  failure: InitializationFailure,
  message: string,
  secrets: readonly string[],
): grpc.Metadata {
  const detail = new ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(encode(failure.state));
  detail.setInputs(encode(failure.inputs));
  detail.setReasonsList(failure.reasons.map((reason) => redact(reason, secrets)));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}

/** An error with a gRPC status of its own. */
export class ServiceFailure extends Error {
  override readonly name = "ServiceFailure";
  constructor(
    readonly code: grpc.status,
    message: string,
  ) {
    super(message);
  }
}
