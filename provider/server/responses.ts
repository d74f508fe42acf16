/** Answers to the engine, made from plain values. */
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { redact } from "./redaction";
import type { CheckFailure } from "./resource";
import type { DetailedChange } from "./resource-diff";
import { encode, type WireValues } from "./wire";

/** A program may make any value a secret, and reasons quote values. */
export function checkFailure({ property, reason }: CheckFailure, secrets: readonly string[]): proto.CheckFailure {
  const failure = new proto.CheckFailure();
  failure.setProperty(property);
  failure.setReason(redact(reason, secrets));
  return failure;
}

/** The engine prints the value of a property that a failure names, in its own notation, and secrets in plain text. */
function inOneSentence({ property, reason }: CheckFailure): CheckFailure {
  return { property: "", reason: property === "" ? reason : `${property}: ${reason}` };
}

export function checkResponse(
  inputs: WireValues,
  failures: readonly CheckFailure[],
  secrets: readonly string[],
): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(encode(inputs));
  response.setFailuresList(failures.map((failure) => checkFailure(inOneSentence(failure), secrets)));
  return response;
}

export function diffResponse(
  changes: ReadonlyMap<string, DetailedChange>,
  deleteBeforeReplace: boolean,
  stables: readonly string[],
): proto.DiffResponse {
  const { Kind } = proto.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse();
  response.setChanges(changes.size > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  for (const [path, { kind, replaces, ofInput }] of changes) {
    const detail = new proto.PropertyDiff();
    detail.setKind(kinds[kind][replaces ? 1 : 0]);
    detail.setInputdiff(ofInput);
    response.getDetaileddiffMap().set(path, detail);
  }
  response.setDiffsList([...new Set([...changes.keys()].map((path) => path.split(/[.[]/)[0]!))]);
  response.setReplacesList([...changes].filter(([, change]) => change.replaces).map(([path]) => path));
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setStablesList([...stables]);
  return response;
}
