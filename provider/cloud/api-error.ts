/** What a cloud answered when it did not do what was asked. Each cloud has its own kinds, words and hints. */

/** Kinds of every cloud. `unavailable`: the outcome is unknown; the request may have had its effect, unless it is `unsent`. */
export type PassingKind = "rateLimit" | "unavailable";

export interface ApiErrorInit<Kind extends string> {
  /** What was asked, for example `POST /v2/spot/bids`. */
  request: string;
  /** Undefined when no answer arrived. */
  httpStatus?: number;
  /** The cloud's own words. */
  cloudMessage: string;
  requestId?: string;
  /** Milliseconds that the cloud asks to wait. */
  retryAfter?: number;
  kind: Kind | PassingKind;
  /** It never left this computer, so that it had no effect. */
  unsent?: boolean | undefined;
}

export class ApiError<Kind extends string> extends Error {
  readonly kind: Kind | PassingKind;
  readonly httpStatus: number | undefined;
  readonly cloudMessage: string;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly unsent: boolean;

  constructor(message: string, init: ApiErrorInit<Kind>, options?: ErrorOptions) {
    super(message, options);
    this.kind = init.kind;
    this.httpStatus = init.httpStatus;
    this.cloudMessage = init.cloudMessage;
    this.requestId = init.requestId;
    this.retryAfter = init.retryAfter;
    this.unsent = init.unsent ?? false;
  }
}
