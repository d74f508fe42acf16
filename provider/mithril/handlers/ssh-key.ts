import { publicKeyProblem } from "../../../sdk/public-key";
import type * as pulumi from "../../../sdk/pulumi";
import type { ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import { isLiveReservation, liveBids } from "../orders";
import { isMithrilError } from "../errors";
import type { SshKey } from "../types";
import type { SshKeyArgs } from "../../../sdk/mithril/ssh-key";
import { connect } from "../connection";
import { known } from "../../cloud/inputs";
import { ownerMark } from "../../cloud/owner-mark";
import { goneByHand } from "../../server/gone";
import { limited } from "../../cloud/limited";
import { minuteMs } from "./inputs";
import { createFindable, isAwaited } from "./unfinished";

const token = "gpu-clusters:mithril:SshKey";

export type SshKeyInputs = pulumi.Unwrap<SshKeyArgs>;

export interface SshKeyOutputs {
  createdAt: string;
  /** The project had it before: not ours to delete. */
  reused: boolean;
}

/**
 * In the comment of what is registered: Mithril's keys have no other place for a mark. A create beside the old one, of which it does not know, tells
 * by it what is its own to delete at the end.
 */
const markStart = "gpu-clusters-";

function marked(publicKey: string, urn: string): string {
  const [type, body, ...comment] = publicKey.trim().split(/\s+/);
  const mark = markStart + ownerMark(urn);
  return [type, body, comment.length > 0 ? `${comment.join(" ")}+${mark}` : mark].join(" ");
}

function isMarked({ publicKey }: SshKey, urn: string): boolean {
  return publicKey.trim().endsWith(markStart + ownerMark(urn));
}

function unmarked(publicKey: string): string {
  return publicKey.trim().replace(new RegExp(`[ +]${markStart}[0-9a-f]+$`), "");
}

/** Type and key of a line; the comment is no part of the key. */
function keyBody(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
}

export const sshKeyHandler: ResourceHandler<SshKeyInputs, SshKeyOutputs> = {
  check(inputs) {
    const publicKey = known(inputs.publicKey);
    const reason = publicKey === undefined ? undefined : publicKeyProblem(publicKey);
    return reason === undefined ? [] : [{ property: "publicKey", reason }];
  },

  plan(state, inputs, changed) {
    const publicKey = known(inputs.publicKey);
    const same = publicKey !== undefined && keyBody(publicKey) === keyBody(state.inputs.publicKey);
    // A create beside it would take over what has the same key, under the old name. One that is used, and not ours, is the same afterwards.
    const isTakenOver = same && !state.outputs.reused;
    return { ignores: same ? ["publicKey"] : [], deleteBeforeReplace: isTakenOver || !changed.includes("name") };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const { name, publicKey, required = false } = inputs;
    const known = (await api.sshKeys.list(context.signal)).find(
      (found) => keyBody(found.publicKey) === keyBody(publicKey),
    );
    if (known && !(known.name === name && isAwaited(token, name))) {
      const reused = !isMarked(known, context.urn);
      if (reused ? required && !known.required : required !== known.required)
        await api.sshKeys.setRequired(known.fid, required, context.signal);
      if (reused && known.name !== name)
        context.log.info(`SSH key "${known.name}" (${known.fid}) of the project is the same: it is used`);
      return { id: known.fid, outputs: { createdAt: known.createdAt, reused } };
    }
    const key = await createFindable(
      {
        kind: "SSH key",
        name,
        token,
        find: (signal) => keysNamed(api, name, signal),
        send: (signal) => api.sshKeys.create({ name, publicKey: marked(publicKey, context.urn), required }, signal),
        differences: (found) => (keyBody(found.publicKey) === keyBody(publicKey) ? [] : ["another public key"]),
      },
      context.signal,
    );
    return { id: key.fid, outputs: { createdAt: key.createdAt, reused: false } };
  },

  async read(id, state, context) {
    const key = (await connect(context.config).api.sshKeys.list(context.signal)).find(({ fid }) => fid === id);
    if (!key) return undefined;
    const before = state?.inputs;
    const publicKey =
      before && keyBody(before.publicKey) === keyBody(key.publicKey) ? before.publicKey : unmarked(key.publicKey);
    const reused = state?.outputs.reused ?? false;
    const name = reused && before ? before.name : key.name;
    // That others need it is no difference.
    const required = reused && before ? (before.required ?? false) && key.required : key.required;
    return { inputs: { name, publicKey, required }, outputs: { createdAt: key.createdAt, reused } };
  },

  async update(id, { name, required = false }, { outputs }, context) {
    try {
      await connect(context.config).api.sshKeys.setRequired(id, required, context.signal);
    } catch (error) {
      if (!isMithrilError(error, "notFound")) throw error;
      throw goneByHand(`SSH key "${name}" (${id}) is gone`, { cause: error });
    }
    return outputs;
  },

  async delete(id, { inputs, outputs }, context) {
    if (outputs.reused) return;
    const { api } = connect(context.config);
    await limited(context, { what: `deleting SSH key "${inputs.name}"`, ms: 5 * minuteMs }, async (signal) => {
      try {
        await api.sshKeys.delete(id, signal);
      } catch (error) {
        if (!isMithrilError(error, "precondition", "invalid")) throw error;
        const { users, spent } = await usersOf(api, id, signal);
        if (users.length === 0 && spent.length === 0) throw error;
        if (users.length === 0) {
          context.log.warn(
            `SSH key "${inputs.name}" (${id}) stays registered: ${spent.join(", ")} have no instances left, but Mithril keeps them until they end`,
          );
          return;
        }
        throw new Error(
          `SSH key "${inputs.name}" (${id}) cannot be deleted: ${users.join(", ")} use it. ${error.message}`,
          {
            cause: error,
          },
        );
      }
    });
  },
};

export async function keysNamed(api: MithrilApi, name: string, signal: AbortSignal): Promise<SshKey[]> {
  return (await api.sshKeys.list(signal)).filter((found) => found.name === name);
}

/** Live orders that name the key. `spent`: reservations whose instances were all terminated. */
async function usersOf(
  api: MithrilApi,
  key: string,
  signal: AbortSignal,
): Promise<{ users: string[]; spent: string[] }> {
  const [bids, reservations] = await Promise.all([liveBids(api, signal), api.reservations.list(signal)]);
  const orders = [
    ...bids.map((bid) => ({ ...bid, kind: "bid" })),
    ...reservations.filter(isLiveReservation).map((reservation) => ({ ...reservation, kind: "reservation" })),
  ].filter((order) => order.launchSpecification.sshKeys.includes(key));
  const named = (all: typeof orders) => all.map(({ kind, name, fid }) => `${kind} ${name} (${fid})`);
  return {
    users: named(orders.filter(({ quantity }) => quantity > 0)),
    spent: named(orders.filter(({ quantity }) => quantity === 0)),
  };
}
