import type { Unwrap } from "../../../sdk/pulumi";
import { didYouMean } from "../../../sdk/schema/spelling";
import type { Fields } from "../../cloud/inputs";
import type { CheckFailure, ResourceLog, UnknowableProperties } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { exchangeAtCheck } from "../cluster-identity";
import { remembered } from "./remembered";
import type { LastingChoicesArgs } from "../../../sdk/kubernetes/lasting-choices";

export type LastingChoicesInputs = Unwrap<LastingChoicesArgs>;

const choices = remembered<LastingChoicesInputs>(async (given, { log, signal }, before) => {
  const { clusterName, choices, least, kept, onChange } = given as Fields<LastingChoicesInputs>;
  const failures: CheckFailure[] = [];
  if (clusterName === "") failures.push({ property: "clusterName", reason: "must not be empty" });
  if (before === undefined) return failures;
  failures.push(...(await managedElsewhere(given, before, signal)));
  if (isUnknown(choices)) return failures;
  const chosen: Record<string, string> = { clusterName: before.clusterName, ...before.choices };
  // Who does not keep its name either may choose anew under another.
  if (clusterName !== before.clusterName && !Object.values(choices).includes(clusterName)) return failures;
  for (const [property, now] of Object.entries(choices)) {
    const then = chosen[property];
    // Unknown values are seen again when they are known.
    if (then === undefined || typeof now !== "string" || now === then) continue;
    if (onChange === "warn") {
      log.warn(
        `${property}: was ${then} and becomes ${now}: the cluster "${before.clusterName}" is deleted, with all that was made for it, and made anew`,
      );
      continue;
    }
    const reason =
      `was ${then} when the cluster "${before.clusterName}" was made, and cannot become ${now}${slip(now, then)}: that would make an empty cluster ` +
      `in its place. Set it back to ${then}; for ${now}, make another cluster, in a stack of its own, or destroy this one first`;
    failures.push({ property, reason });
  }
  for (const [property, now] of Object.entries(isUnknown(least) || least === undefined ? {} : least)) {
    const then = before.least?.[property];
    if (then === undefined || typeof now !== "number" || now >= then) continue;
    const reason = `was ${then} and cannot become ${now}: disks only grow, and a smaller one would be another, empty one. Set it back to ${then}`;
    failures.push({ property, reason });
  }
  tellParts(given, before, log);
  tellChanges(given, before, log);
  return [...failures, ...leftOut(before.kept, kept)];
});

export const lastingChoices: typeof choices = {
  ...choices,
  plan: ({ inputs }, given) => (movedParts(given, inputs).isRenamed ? { replaces: ["parts"] } : {}),
};

type Given = UnknowableProperties<LastingChoicesInputs>;

/** Names of parts that are no longer named, of those that are new, and whether one became the other. */
function movedParts({ parts, onChange }: Given, before: LastingChoicesInputs) {
  const [then, now] = [Object.keys(before.parts ?? {}), isUnknown(parts) ? undefined : Object.keys(parts ?? {})];
  const gone = now === undefined ? [] : then.filter((part) => !now.includes(part));
  const come = now === undefined ? [] : now.filter((part) => !then.includes(part));
  return { gone, come, isRenamed: onChange === "warn" && gone.length > 0 && come.length > 0 };
}

function tellParts(given: Given, before: LastingChoicesInputs, log: ResourceLog): void {
  const { gone, come, isRenamed } = movedParts(given, before);
  if (isRenamed)
    log.warn(
      `${gone.join(", ")} becomes ${come.join(", ")}: the cluster "${before.clusterName}" is deleted, with all that was made for it, and made anew. To keep ` +
        "it, add the new name first, and take the old one away afterwards",
    );
  else for (const part of gone) log.warn(`${part} is no longer there: ${before.parts![part]}`);
}

function tellChanges({ told }: Given, before: LastingChoicesInputs, log: ResourceLog): void {
  for (const [property, now] of Object.entries(isUnknown(told) || told === undefined ? {} : told)) {
    const then = before.told?.[property];
    if (then === undefined || isUnknown(now) || isUnknown(now.value) || now.value === then.value) continue;
    log.warn(`${property}: was ${then.value} and becomes ${now.value}: ${String(now.meaning)}`);
  }
}

/** Its name is a part of the user's program: under another it would be another, empty one. */
function leftOut(
  before: LastingChoicesInputs["kept"] = {},
  kept: Fields<LastingChoicesInputs>["kept"],
): CheckFailure[] {
  if (isUnknown(kept)) return [];
  return Object.entries(before).flatMap(([property, wasKept]) =>
    !wasKept || Object.hasOwn(kept ?? {}, property)
      ? []
      : [
          {
            property,
            reason:
              "cannot be left out, nor get another name: it would be deleted with all that is in it. Set it back to what it was; " +
              "to delete it, set its protect: false and run `pulumi up` first",
          },
        ],
  );
}

/** Their servers would be wiped for no other reason than that somebody gave the kubeconfig of another cluster. */
async function managedElsewhere(
  { managementKubeconfig: now }: Given,
  { clusterName, managementKubeconfig: then }: LastingChoicesInputs,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const exchange = await exchangeAtCheck(then, now, signal);
  if (exchange === undefined) return [];
  const reason =
    `leads to another cluster, at ${exchange.after}, than the one that "${clusterName}" and its servers are managed from, at ${exchange.before}, which is still there: all ` +
    "would be made in the other, and deleted in this one, which wipes the servers with what is on them. Set it back; to have them managed from the other, take " +
    `"${clusterName}" out of the program first, so that \`pulumi up\` gives its servers back, and make it there with the next`;
  return [{ property: "managementKubeconfig", reason }];
}

/** A name that is nearly the other one; names that differ by a number only are different things. */
function slip(now: string, then: string): string {
  const word = (text: string) => text.replace(/[^a-z]/gi, "");
  return word(then).length < 5 || word(now) === word(then) ? "" : didYouMean(now, [then]);
}
