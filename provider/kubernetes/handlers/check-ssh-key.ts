import type { CheckFailure } from "../../server/resource";
import { known } from "../../cloud/inputs";
import type { Unknown } from "../../server/values";

interface KeyInputs {
  sshPrivateKey?: string | Unknown | undefined;
  sshPublicKey?: string | Unknown | undefined;
}

/** What can be known of a key without a machine that accepts it. */
export async function checkSshKey({ sshPrivateKey, sshPublicKey }: KeyInputs): Promise<CheckFailure[]> {
  const key = known(sshPrivateKey);
  if (key === undefined) return [];
  // ssh2 is large: only who gives a key needs it.
  const { privateKeyProblem } = await import("../../cloud/ssh-key.js");
  const reason = privateKeyProblem(key, known(sshPublicKey));
  return reason === undefined ? [] : [{ property: "sshPrivateKey", reason }];
}
