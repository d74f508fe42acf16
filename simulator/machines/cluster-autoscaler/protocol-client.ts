/** cluster-autoscaler's side of the protocol: one call after the other, each with a time limit. */
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { serviceDefinition, type Method, type Methods } from "../../../autoscaler/protocol/messages";

export class ProtocolClient {
  private readonly client: Client;

  constructor(
    address: string,
    private readonly timeoutMs = 5_000,
  ) {
    this.client = new Client(address, credentials.createInsecure());
  }

  /** Rejects with gRPC's `ServiceError`. */
  call<M extends Method>(method: M, request: Methods[M]["request"]): Promise<Methods[M]["response"]> {
    const { path, requestSerialize, responseDeserialize } = serviceDefinition[method]!;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + this.timeoutMs },
        (error: ServiceError | null, response?: Methods[M]["response"]) => (error ? reject(error) : resolve(response!)),
      );
    });
  }

  close(): void {
    this.client.close();
  }
}
