/** What exists, for tests and people, without start-up scripts and keys. */
import { bidView } from "./bids";
import { instanceView } from "./instances";
import type { MithrilState } from "./model";
import { reservationView } from "./reservations";

export function summarise(state: MithrilState) {
  return {
    clusters: Object.values(state.clusters).map(({ fid, name, region, status, address, kubernetesVersion }) => ({
      fid,
      name,
      region,
      status,
      address,
      kubernetesVersion,
    })),
    sshKeys: Object.values(state.sshKeys).map(({ fid, name, required }) => ({ fid, name, required })),
    volumes: Object.values(state.volumes).map(({ fid, name, region, diskInterface, sizeGb, deletedAt }) => ({
      fid,
      name,
      region,
      diskInterface,
      sizeGb,
      deleted: deletedAt !== undefined,
    })),
    bids: Object.values(state.bids).map((bid) => withoutScript(bidView(bid))),
    reservations: Object.values(state.reservations).map((reservation) => withoutScript(reservationView(reservation))),
    instances: Object.values(state.instances).map(instanceView),
  };
}

export type MithrilSummary = ReturnType<typeof summarise>;

function withoutScript<T extends { launch_specification: { startup_script: string | null } }>(order: T): T {
  return { ...order, launch_specification: { ...order.launch_specification, startup_script: null } };
}
