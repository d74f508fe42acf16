/** Errors as Mithril's API answers them: FastAPI's `{"detail": …}` (reference: Mithril API, "Errors"). */
import type { ShapeProblem } from "./shapes";

export class MithrilError extends Error {
  override readonly name: string = "MithrilError";
  constructor(
    readonly status: number,
    readonly detail: string | readonly ShapeProblem[],
  ) {
    super(typeof detail === "string" ? detail : detail.map((problem) => problem.msg).join("; "));
  }
}

export const badRequest = (detail: string) => new MithrilError(400, detail);
export const notFound = (what: string, fid: string) => new MithrilError(404, `${what} ${fid} not found`);
export const conflict = (detail: string) => new MithrilError(409, detail);
export const forbidden = (detail: string) => new MithrilError(403, detail);

export function unprocessable(field: string, msg: string): MithrilError {
  return new MithrilError(422, [{ loc: ["body", field], msg, type: "value_error" }]);
}
