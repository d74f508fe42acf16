import type { Unwrap } from "../../../sdk/pulumi";
import type { Fields } from "../../cloud/inputs";
import type { CheckFailure } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { remembered } from "./remembered";
import type { LastingChoicesArgs } from "../../../sdk/kubernetes/lasting-choices";

export type LastingChoicesInputs = Unwrap<LastingChoicesArgs>;

export const lastingChoices = remembered<LastingChoicesInputs>((given, { log }, before) => {
  const { clusterName, choices, onChange } = given as Fields<LastingChoicesInputs>;
  const failures: CheckFailure[] = [];
  if (clusterName === "") failures.push({ property: "clusterName", reason: "must not be empty" });
  if (before === undefined || clusterName !== before.clusterName || isUnknown(choices)) return failures;
  for (const [property, now] of Object.entries(choices)) {
    const then = before.choices[property];
    // Unknown values are seen again when they are known.
    if (then === undefined || typeof now !== "string" || now === then) continue;
    if (onChange === "warn") {
      log.warn(
        `${property} was ${then} and becomes ${now}: the cluster "${before.clusterName}" is deleted, with all that was made for it, and made anew`,
      );
      continue;
    }
    const reason =
      `${property} was ${then} when the cluster "${before.clusterName}" was made, and cannot become ${now}: that would make an empty cluster ` +
      `in its place. Set it back to ${then}; for ${now}, make another cluster under another name, or destroy this one first`;
    failures.push({ property, reason });
  }
  return failures;
});
