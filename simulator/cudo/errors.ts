/** Errors as Cudo's gateway answers them: gRPC code, message, no details (reference: Cudo API, schema `Status`, and observed bodies). */

export type GrpcCode = 3 | 5 | 6 | 7 | 8 | 9 | 12 | 13 | 14 | 16;

/** HTTP status of each gRPC code, as the gateway maps them. */
const httpStatus: Record<GrpcCode, number> = {
  3: 400,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  12: 501,
  13: 500,
  14: 503,
  16: 401,
};

/** An answer other than success. */
export class CudoError extends Error {
  constructor(
    readonly code: GrpcCode,
    message: string,
  ) {
    super(message);
    this.name = "CudoError";
  }

  get status(): number {
    return httpStatus[this.code];
  }

  get body(): { code: number; message: string; details: [] } {
    return { code: this.code, message: this.message, details: [] };
  }
}

/** The web application firewall in front of the API: it answers in HTML and never reaches the API. */
export class EdgeRefusal extends Error {
  readonly status = 403;
  readonly body =
    "<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head><body><h1>Sorry, you have been blocked</h1></body></html>\n";
}

export const invalidArgument = (message: string) => new CudoError(3, message);
export const notFound = (what: string, id: string) => new CudoError(5, `${what} "${id}" not found`);
export const alreadyExists = (what: string) => new CudoError(6, `${what} with that id already exists`);
export const failedPrecondition = (message: string) => new CudoError(9, message);
/** Capacity has the code of a bad argument: the message tells them apart. */
export const noHosts = (bound?: string) =>
  new CudoError(
    3,
    `There are no hosts available for your specified virtual machine.${bound === undefined ? "" : ` Simulator: ${bound}.`}`,
  );
export const networkFull = () => new CudoError(9, "Vm cannot be assigned ip from network. Network full");
export const quotaExceeded = (what: string, limit: number) =>
  new CudoError(8, `Quota exceeded: the project may have ${limit} ${what}`);
