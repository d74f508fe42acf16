import type { MithrilApi } from "../api";
import { bidOrdinal, reservationName } from "../names";
import { isLiveReservation, liveBids } from "../orders";
import type { Bid, Reservation } from "../types";
import type { NodeGroupInputs } from "./node-group-inputs";

/** A group's inputs as far as its newest order shows them; undefined when it has none. */
export async function importedNodeGroup(
  api: MithrilApi,
  { clusterId, clusterName, name }: { clusterId: string; clusterName: string; name: string },
  signal: AbortSignal,
): Promise<NodeGroupInputs | undefined> {
  const [bids, reservations] = await Promise.all([liveBids(api, signal), api.reservations.list(signal)]);
  const joins = (order: Bid | Reservation) => order.launchSpecification.cluster === clusterId;
  const members = bids
    .filter((bid) => joins(bid) && bidOrdinal(clusterName, name, bid.name) !== undefined)
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const bid = members.at(-1);
  if (bid) {
    const size = members.reduce((sum, member) => sum + member.quantity, 0);
    return {
      ...shapeOf(bid, { clusterId, clusterName, name }, size),
      capacity: { spot: { limitPrice: bid.limitPrice, bidSize: bid.quantity } },
      paused: bid.status === "Paused",
    };
  }
  const reservation = reservations.find(
    (found) => found.name === reservationName(clusterName, name) && joins(found) && isLiveReservation(found),
  );
  if (!reservation) return undefined;
  return {
    ...shapeOf(reservation, { clusterId, clusterName, name }, reservation.quantity),
    capacity: { reservation: { start: reservation.startTime, end: reservation.endTime } },
    paused: reservation.status === "Paused",
  };
}

function shapeOf(
  { region, instanceType, launchSpecification }: Bid | Reservation,
  names: { clusterId: string; clusterName: string; name: string },
  size: number,
) {
  const { sshKeys, volumes, startupScript, imageVersion } = launchSpecification;
  return {
    ...names,
    region,
    instanceType,
    minSize: size,
    maxSize: size,
    sshKeys,
    volumes,
    startupScript,
    image: imageVersion,
  };
}
