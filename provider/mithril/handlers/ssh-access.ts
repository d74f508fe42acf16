import { setTimeout as delay } from "node:timers/promises";
import type * as pulumi from "../../../sdk/pulumi";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import type { SshAccessArgs } from "../../../sdk/mithril/ssh-access";
import type * as SshLogin from "../ssh-login";
import { known } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { messageOf } from "../../../sdk/message";
import { minuteMs } from "./inputs";

export type SshAccessInputs = pulumi.Unwrap<SshAccessArgs>;

export interface SshAccessOutputs {
  hostKey: string;
}

const user = "ubuntu";
const answerMs = 5 * minuteMs;
const pauseMs = 500;
/** A host that has just come up may not have its keys yet. Tests of refusals set the variable. */
const refusedForMs = () => Number(process.env.GPU_CLUSTERS_MITHRIL_REFUSED_MS ?? 150_000);

export const sshAccessHandler = looking<SshAccessInputs, SshAccessOutputs>({
  async check(inputs) {
    const [privateKey, hostKey] = [known(inputs.privateKey), known(inputs.hostKey)];
    const [{ hostKeyOf }, { privateKeyProblem }] = await Promise.all([loadLogin(), import("../../cloud/ssh-key.js")]);
    const reason = privateKey === undefined ? undefined : privateKeyProblem(privateKey, known(inputs.publicKey));
    const isKey = hostKey === undefined || hostKeyOf(hostKey) !== undefined;
    return [
      ...(reason === undefined ? [] : [{ property: "privateKey", reason }]),
      ...(isKey
        ? []
        : [{ property: "hostKey", reason: "must be the host's public key, for example `ssh-ed25519 AAAA…`" }]),
    ];
  },

  async create(inputs, context) {
    return { id: inputs.clusterId, outputs: { hostKey: await untilOpen(inputs, undefined, context) } };
  },

  async update(_id, inputs, { outputs }, context) {
    return { hostKey: await untilOpen(inputs, outputs.hostKey, context) };
  },
});

/** ssh2 is large: only this resource needs it. */
function loadLogin(): Promise<typeof SshLogin> {
  return import("../ssh-login.js");
}

async function untilOpen(
  { host, port = 22, privateKey, hostKey: given }: SshAccessInputs,
  seen: string | undefined,
  context: ResourceContext,
): Promise<string> {
  const { hostKeyOf, login, HostKeyChanged, KeyRefused } = await loadLogin();
  const hostKey = given === undefined ? seen : hostKeyOf(given);
  let last = "";
  let refusedSince: number | undefined;
  const attempts = async (signal: AbortSignal): Promise<string> => {
    for (;;) {
      try {
        return await login({ host, port, user, privateKey, hostKey }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof HostKeyChanged)
          throw new Error(`${error.message}. ${given === undefined ? changedAdvice : givenAdvice}`, { cause: error });
        if (error instanceof KeyRefused) {
          refusedSince ??= Date.now();
          if (Date.now() - refusedSince >= refusedForMs()) {
            throw new Error(`${error.message}. ${refusedAdvice}`, { cause: error });
          }
        }
        last = messageOf(error);
        context.log.status(`waiting for SSH at ${host}:${port}: ${last}`);
        await delay(pauseMs, undefined, { signal });
      }
    }
  };
  const what = `logging in to ${user}@${host}:${port}`;
  return limited(context, { what, ms: answerMs }, attempts).catch((error: unknown) => {
    if (context.signal.aborted || !last || messageOf(error).includes(last)) throw error;
    throw new Error(`${messageOf(error)}: ${last}`, { cause: error });
  });
}

const givenAdvice =
  "hostKey says which one is expected: compare them. A host with keys of several types shows ECDSA first, then RSA, then Ed25519: give the one " +
  "of that type, if it is the host's own";

const changedAdvice =
  "That was the one of the first contact. Somebody may be listening in, or Mithril has made the host anew: ask Mithril's support, and if it is right, replace this resource " +
  "(pulumi up --replace <its URN>)";

/** The checks that Mithril's own documentation gives (Mithril Compute Clusters, "SSH keys and the CLI"). */
const refusedAdvice = [
  "Three things to check:",
  "(1) the key is registered in the Mithril project: Console > SSH keys must show the public key that belongs to the private key given;",
  "(2) it was registered before the cluster was made: keys that are added later do not open a cluster that is there, so the cluster has to be made anew, or Mithril's support asked;",
  "(3) the private key that is used is the one you mean: `ssh-keygen -y -f <key>` prints its public key, and `ssh -i <key> ubuntu@<host>` must work " +
    "(with an SSH agent, `ssh-add -l` must list it)",
].join(" ");
