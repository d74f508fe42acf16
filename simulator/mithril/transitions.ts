/** What time does: clusters come up, auctions are held, notices end, instances start and stop, reservations begin and end. */
import { endNotice, runAuction } from "./auction";
import { isLiveReservation, type StoredCluster, type World } from "./model";
import { startInstances, stopInstances } from "./orders";
import { relocate } from "./relocation";

/** Brings the state up to `world.now`, one event after the other in their order. */
export function advance(world: World): void {
  skipIdleAuctions(world);
  relocate(world);
  for (;;) {
    const event = nextEvent(world);
    if (!event || event.at > world.now) return;
    event.run(event.at);
  }
}

/** When something happens next by itself; `undefined` when nothing will. */
export function nextDue(world: World): number | undefined {
  return nextEvent(world)?.at;
}

interface Event {
  at: number;
  run(at: number): void;
}

function nextEvent(world: World): Event | undefined {
  let first: Event | undefined;
  for (const event of events(world)) if (!first || event.at < first.at) first = event;
  return first;
}

function* events(world: World): Generator<Event> {
  const { state, delays } = world;
  for (const cluster of Object.values(state.clusters)) {
    const { readyAt, deletedAt } = cluster;
    if (readyAt !== undefined && isReady(world, cluster)) yield { at: readyAt, run: () => makeAvailable(cluster) };
    if (deletedAt !== undefined && cluster.status !== "Terminated") {
      yield { at: deletedAt + delays.clusterDeleting, run: () => (cluster.status = "Terminated") };
    }
  }
  for (const instance of Object.values(state.instances)) {
    const { next } = instance;
    if (!next) continue;
    const run = () => {
      instance.status = next.status;
      delete instance.next;
    };
    yield { at: next.at, run };
  }
  for (const reservation of Object.values(state.reservations)) {
    if (!isLiveReservation(reservation)) continue;
    if (reservation.status === "Pending") {
      const run = (at: number) => {
        reservation.status = "Active";
        startInstances(world, reservation, at);
      };
      yield { at: reservation.startTime, run };
    }
    const end = (at: number) => {
      reservation.status = "Ended";
      reservation.deactivatedAt = at;
      stopInstances(world, reservation.instances, "STATUS_TERMINATED", at);
    };
    yield { at: reservation.endTime, run: end };
  }
  for (const bid of Object.values(state.bids)) {
    if (bid.noticeEnds !== undefined) yield { at: bid.noticeEnds, run: () => endNotice(world, bid) };
  }
  if (hasContenders(world)) {
    const run = (at: number) => {
      const changed = runAuction(world, at);
      // One that changed nothing will change nothing until something else happens: long idle times pass at once.
      const idle = changed ? 0 : Math.floor((world.now - at) / delays.auctionInterval);
      state.nextAuction = at + (idle + 1) * delays.auctionInterval;
    };
    yield { at: state.nextAuction, run };
  }
}

/** Auctions without bids change nothing: the clock of auctions goes on without them. */
function skipIdleAuctions(world: World): void {
  const { state, now, delays } = world;
  if (hasContenders(world) || state.nextAuction > now) return;
  const missed = Math.floor((now - state.nextAuction) / delays.auctionInterval) + 1;
  state.nextAuction += missed * delays.auctionInterval;
}

function hasContenders({ state }: World): boolean {
  return Object.values(state.bids).some((bid) => bid.status !== "Terminated" && bid.status !== "Paused");
}

function isReady(world: World, cluster: StoredCluster): boolean {
  return cluster.status === "Pending" && cluster.deletedAt === undefined && (!world.hosted || cluster.answering);
}

function makeAvailable(cluster: StoredCluster): void {
  cluster.status = "Available";
  delete cluster.readyAt;
}
