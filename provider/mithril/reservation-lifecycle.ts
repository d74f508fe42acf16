/** Making and ending reservations: paid up front, found by name, never cancelled. */
import { randomUUID } from "node:crypto";
import { waitFor } from "../cloud/wait";
import type { MithrilApi } from "./api";
import type { CreateOnce } from "./create-once";
import { isMithrilError } from "./errors";
import { instancesOf, isGone, isLiveReservation, orderDifferences } from "./orders";
import { refuseTooDear } from "./reservation-quote";
import { Removals } from "./removals";
import type { Reservation, ReservationRequest } from "./types";

export type ReservationEnd = "terminateInstances" | "keep";

export function reservationCreate(api: MithrilApi, request: ReservationRequest): CreateOnce<Reservation> {
  const key = randomUUID();
  return {
    kind: "reservation",
    name: request.name,
    token: "gpu-clusters:mithril:Reservation",
    find: (stop) => liveReservations(api, request.name, stop),
    send: async (stop) => {
      const startTime = possibleStart(request.startTime, request.endTime, Date.now());
      await refuseTooDear(api, { ...request, startTime }, stop);
      return api.reservations.create({ ...request, startTime }, key, stop);
    },
    differences: (found) => orderDifferences(found, request),
    spent: withoutInstances,
  };
}

/** What it means that somebody terminated all of its instances; undefined: it has some. */
export function withoutInstances({ name, fid, quantity, endTime }: Reservation): string | undefined {
  if (quantity > 0) return undefined;
  return `name: all instances of reservation "${name}" (${fid}) were terminated, and it keeps its name until it ends at ${endTime}: choose another name until then`;
}

const hourMs = 3_600_000;
const shortestHours = 3;
/** What is "now" when a program starts has passed a little when its order is sent. */
const startToleranceMs = 5 * 60_000;

/** A start that has passed, while the cluster was made, becomes the next from which whole hours are left until the end. Pure. */
export function possibleStart(start: string, end: string, now: number): string {
  if (Date.parse(start) >= now - startToleranceMs) return start;
  const hours = Math.floor((Date.parse(end) - now) / hourMs);
  if (hours < shortestHours) {
    throw new Error(
      `start: ${start} has passed, and less than ${shortestHours} hours are left until ${end}: choose later times`,
    );
  }
  return new Date(Date.parse(end) - hours * hourMs).toISOString();
}

export async function liveReservations(api: MithrilApi, name: string, signal: AbortSignal): Promise<Reservation[]> {
  return (await api.reservations.list(signal)).filter((found) => found.name === name && isLiveReservation(found));
}

/** There is no read by fid. */
export async function findReservation(
  api: MithrilApi,
  fid: string,
  signal: AbortSignal,
): Promise<Reservation | undefined> {
  return (await api.reservations.list(signal)).find((reservation) => reservation.fid === fid);
}

/** Safe to repeat: an end that is reached already is not extended again. */
export async function extendReservation(
  api: MithrilApi,
  fid: string,
  extension: { endTime: string; maxUnitCents: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  const reached = async () => {
    const now = await findReservation(api, fid, signal);
    return now !== undefined && Date.parse(now.endTime) >= Date.parse(extension.endTime);
  };
  if (await reached()) return;
  try {
    await api.reservations.extend(fid, extension, signal);
  } catch (error) {
    if (!isMithrilError(error, "unavailable") || !(await reached())) throw error;
  }
}

/** Ends what can be ended before its time. `property` is the user's own field for the error. */
export async function endReservation(
  api: MithrilApi,
  fid: string,
  { onDestroy, property }: { onDestroy: ReservationEnd | undefined; property: string },
  signal: AbortSignal,
): Promise<void> {
  const reservation = await findReservation(api, fid, signal);
  if (!reservation || !isLiveReservation(reservation) || onDestroy === "keep") return;
  const what = `reservation "${reservation.name}" (${fid})`;
  if (onDestroy === undefined) {
    throw new Error(
      `${property}: ${what} is paid until ${reservation.endTime} and cannot be cancelled. Say what destroying it means: ` +
        `"terminateInstances" stops its instances for good (the price stays paid), "keep" leaves them running and forgets it; ` +
        `run \`pulumi up\` with one of them, then destroy it`,
    );
  }
  if (reservation.status === "Pending") {
    throw new Error(
      `${property}: ${what} has no instances to terminate before it begins at ${reservation.startTime}, and cannot be cancelled. ` +
        `Destroy it after that, or use "keep"`,
    );
  }
  const removals = new Removals();
  await waitFor(async () => {
    const live = (await instancesOf(api, { reservations: [fid] }, signal)).filter((instance) => !isGone(instance));
    const running = live.filter(({ status }) => status !== "STATUS_STOPPING").map((instance) => instance.fid);
    if (running.length > 0) await removals.send(fid, () => terminate(api, fid, running, signal));
    return live.length === 0 ? true : undefined;
  }, signal);
  await detachVolumes(api, fid, signal);
}

/** It goes on until its end without instances, and would hold its volumes until then. */
async function detachVolumes(api: MithrilApi, fid: string, signal: AbortSignal): Promise<void> {
  const left = await findReservation(api, fid, signal);
  if (!left || !isLiveReservation(left) || left.launchSpecification.volumes.length === 0) return;
  await api.reservations.update(fid, { volumes: [] }, signal).catch(unlessEnded);
}

function unlessEnded(error: unknown): void {
  if (!isMithrilError(error) || !/already ended/i.test(error.cloudMessage)) throw error;
}

/** A lost answer is looked into by the next turn of the caller's loop. */
async function terminate(api: MithrilApi, fid: string, instances: string[], signal: AbortSignal): Promise<void> {
  try {
    await api.reservations.terminateInstances(fid, instances, signal);
  } catch (error) {
    if (!isMithrilError(error, "unavailable", "notFound")) unlessEnded(error);
  }
}
