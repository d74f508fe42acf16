import { randomUUID } from "node:crypto";
import type * as pulumi from "../../../sdk/pulumi";
import type { CheckFailure, ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import type { CatalogueContent } from "../catalogue";
import { isMithrilError } from "../errors";
import { regionProblem } from "../offers";
import { isLiveBid, isLiveReservation } from "../orders";
import { Removals } from "../removals";
import type { Volume } from "../types";
import type { VolumeArgs } from "../../../sdk/mithril/volume";
import { waitFor } from "../../cloud/wait";
import { connect } from "../connection";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { goneByHand } from "../../server/gone";
import { limited } from "../../cloud/limited";
import { minuteMs, withCatalogue } from "./inputs";
import { createFindable } from "./unfinished";

export type VolumeInputs = pulumi.Unwrap<VolumeArgs>;

export interface VolumeOutputs {
  bids: string[];
  reservations: string[];
  createdAt: string;
}

const largestGb = 32_000;
const gbPerTb = 1000;

export const volumeHandler: ResourceHandler<VolumeInputs, VolumeOutputs> = {
  async check(given, context, before) {
    const inputs = given as Fields<VolumeInputs>;
    const failures: CheckFailure[] = [];
    const [name, sizeGb] = [known(inputs.name), known(inputs.sizeGb)];
    if (name !== undefined && (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) || name.length > 64)) {
      const reason = `"${name}" must have 1 to 64 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen`;
      failures.push({ property: "name", reason });
    }
    if (sizeGb !== undefined && (sizeGb < 1 || sizeGb > largestGb)) {
      failures.push({ property: "sizeGb", reason: `must be 1 to ${largestGb}, is ${sizeGb}` });
    }
    const offered = await withCatalogue(context, (catalogue) => {
      const [region, kind] = [known(inputs.region), known(inputs.diskInterface)];
      return region === undefined || kind === undefined ? [] : volumeFailures({ region, kind, sizeGb }, catalogue);
    });
    const fields = ["region", "diskInterface", "sizeGb"] as const;
    return [...failures, ...unlessStanding(offered, { before, inputs, fields, log: context.log })];
  },

  plan(_state, _inputs, changed) {
    return { deleteBeforeReplace: !changed.includes("name") };
  },

  async create({ name, region, diskInterface, sizeGb }, context) {
    const { api } = connect(context.config);
    const key = randomUUID();
    const volume = await createFindable(
      {
        kind: "volume",
        name,
        token: "gpu-clusters:mithril:Volume",
        find: (signal) => volumesNamed(api, name, signal),
        send: (signal) => api.volumes.create({ name, region, diskInterface, sizeGb }, key, signal),
        differences: (found) => [
          ...(found.region === region ? [] : [`region ${found.region}`]),
          ...(found.diskInterface === diskInterface ? [] : [found.diskInterface]),
          ...(found.capacityGb === sizeGb ? [] : [`${found.capacityGb} GB`]),
        ],
      },
      context.signal,
    );
    return { id: volume.fid, outputs: outputsOf(volume) };
  },

  async read(id, _state, context) {
    const volume = await find(connect(context.config).api, id, context.signal);
    if (!volume) return undefined;
    const { name, region, capacityGb } = volume;
    const diskInterface = volume.diskInterface as VolumeInputs["diskInterface"];
    return { inputs: { name, region, diskInterface, sizeGb: capacityGb }, outputs: outputsOf(volume) };
  },

  async update(id, { name }, _state, context) {
    const { api } = connect(context.config);
    await api.volumes.rename(id, name, context.signal).catch((error: unknown) => {
      // The list says so in better words.
      if (!isMithrilError(error, "notFound")) throw error;
    });
    const volume = await find(api, id, context.signal);
    if (!volume) throw goneByHand(`volume "${name}" (${id}) is gone`);
    return outputsOf(volume);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const removals = new Removals();
    await limited(context, { what: `deleting volume "${inputs.name}"`, ms: 10 * minuteMs }, (signal) =>
      waitFor(async () => {
        const volume = await find(api, id, signal);
        if (!volume) return true;
        await refuseAttached(api, volume, signal);
        await removals.send(id, () => remove(api, volume, signal));
        return undefined;
      }, signal),
    );
  },
};

/** Whether the region has such volumes, and of that size. */
export function volumeFailures(
  { region, kind, sizeGb }: { region: string; kind: string; sizeGb: number | undefined },
  catalogue: CatalogueContent,
): CheckFailure[] {
  const problem = regionProblem(region, kind === "File" ? "fileShares" : "blockStorage", catalogue);
  if (problem !== undefined) return [{ property: "region", reason: problem }];
  const largest = catalogue.regions.find((each) => each.name === region)?.maxVolumeSizeTb;
  const tooLarge = largest !== undefined && sizeGb !== undefined && sizeGb <= largestGb && sizeGb > largest * gbPerTb;
  return tooLarge
    ? [{ property: "sizeGb", reason: `must be at most ${largest * gbPerTb} in ${region}, is ${sizeGb}` }]
    : [];
}

export async function volumesNamed(api: MithrilApi, name: string, signal: AbortSignal): Promise<Volume[]> {
  return (await api.volumes.list(signal)).filter((found) => found.name === name && found.deletedAt === undefined);
}

async function find(api: MithrilApi, fid: string, signal: AbortSignal): Promise<Volume | undefined> {
  return (await api.volumes.list(signal)).find((volume) => volume.fid === fid && volume.deletedAt === undefined);
}

/** Its data is lost with it: nothing is detached to make way. */
async function refuseAttached(api: MithrilApi, volume: Volume, signal: AbortSignal): Promise<void> {
  const bids = await Promise.all(volume.bids.map((fid) => api.bids.find(fid, signal)));
  const reservations = volume.reservations.length > 0 ? await api.reservations.list(signal) : [];
  const holders = [
    ...bids.filter((bid) => bid !== undefined && isLiveBid(bid)).map((bid) => `bid ${bid!.name} (${bid!.fid})`),
    ...reservations
      .filter((each) => volume.reservations.includes(each.fid) && isLiveReservation(each))
      .map(({ name, fid }) => `reservation ${name} (${fid})`),
  ];
  if (holders.length === 0) return;
  throw new Error(
    `volume "${volume.name}" (${volume.fid}) holds data and is attached to ${holders.join(", ")}: detach or delete these first`,
  );
}

async function remove(api: MithrilApi, volume: Volume, signal: AbortSignal): Promise<void> {
  try {
    await api.volumes.delete(volume.fid, signal);
  } catch (error) {
    // Orders that have just ended may hold it for a while; one that has it since then is named by the next look.
    if (!isMithrilError(error, "precondition")) throw error;
  }
}

function outputsOf({ bids, reservations, createdAt }: Volume): VolumeOutputs {
  return { bids, reservations, createdAt };
}
