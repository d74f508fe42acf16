/** Orders of machines: spot bids, reservations, and their instances. */
import type { MithrilApi } from "./api";
import { decodeBid, decodeInstance, decodeInstanceType, decodeQuote, decodeReservation } from "./decode";
import { at, idempotency, type MithrilRequests } from "./requests";
import type { LaunchSpecification } from "./types";

const bidsPath = "/v2/spot/bids";
const reservationsPath = "/v2/reservation";

export function bids(requests: MithrilRequests): MithrilApi["bids"] {
  const { project } = requests;
  return {
    list: (filter, signal) => requests.pages(bidsPath, decodeBid, signal, { project, ...filter }),
    find: (fid, signal) => requests.find(at(bidsPath, fid), decodeBid, signal),
    create: ({ name, region, instanceType, limitPrice, quantity, launchSpecification }, idempotencyKey, signal) =>
      requests.create(bidsPath, decodeBid, signal, {
        body: {
          project,
          region,
          instance_type: instanceType,
          limit_price: limitPrice,
          instance_quantity: quantity,
          name,
          launch_specification: encodeLaunch(launchSpecification),
        },
        headers: idempotency(idempotencyKey),
        secrets: [launchSpecification.startupScript],
      }),
    update: (fid, { limitPrice, paused, volumes, memoryGb }, signal) => {
      const body = { limit_price: limitPrice, paused, volumes, memory_gb: memoryGb };
      return requests.change(at(bidsPath, fid), body, signal, decodeBid);
    },
    delete: (fid, signal) => requests.remove(at(bidsPath, fid), signal),
  };
}

export function reservations(requests: MithrilRequests): MithrilApi["reservations"] {
  const { project } = requests;
  return {
    list: (signal) => requests.pages(reservationsPath, decodeReservation, signal, { project }),
    create: (
      { name, region, instanceType, quantity, startTime, endTime, launchSpecification, maxUnitCents },
      idempotencyKey,
      signal,
    ) =>
      requests.create(reservationsPath, decodeReservation, signal, {
        body: {
          project,
          region,
          instance_type: instanceType,
          start_time: startTime,
          end_time: endTime,
          instance_quantity: quantity,
          name,
          launch_specification: encodeLaunch(launchSpecification),
          price_specification: encodeCeiling(maxUnitCents),
        },
        headers: idempotency(idempotencyKey),
        secrets: [launchSpecification.startupScript],
      }),
    update: (fid, update, signal) => requests.change(at(reservationsPath, fid), update, signal),
    extend: (fid, { endTime, maxUnitCents }, signal) => {
      const body = { end_time: endTime, price_specification: encodeCeiling(maxUnitCents) };
      return requests.act(at(reservationsPath, fid, "/extend"), body, signal);
    },
    terminateInstances: (fid, instances, signal) => {
      const body = { instances, reduce_capacity: true };
      return requests.act(at(reservationsPath, fid, "/terminate-instances"), body, signal);
    },
    instanceTypes: (signal) => requests.listOrNone(`${reservationsPath}/instance-types`, decodeInstanceType, signal),
    quote: ({ instanceType, region, startTime, endTime, quantity }, signal) =>
      requests.get(`${reservationsPath}/quote`, decodeQuote, signal, {
        project,
        instance_type: instanceType,
        region,
        quantity,
        start_time: startTime,
        end_time: endTime,
      }),
  };
}

export function instances(requests: MithrilRequests): MithrilApi["instances"] {
  return {
    list: (filter, signal) =>
      requests.pages("/v2/instances", decodeInstance, signal, {
        project: requests.project,
        bid_fid_in: filter.bids?.join(","),
        reservation_fid_in: filter.reservations?.join(","),
      }),
  };
}

/**
 * The description of the API says "integer, 500" and no unit; every other whole number of money in it is cents. Should it be dollars, then
 * the ceiling is higher than meant and refuses nothing that it should not: `reservation-quote.ts` compares the quote itself.
 */
function encodeCeiling(maxUnitCents: number | undefined): object | undefined {
  return maxUnitCents === undefined ? undefined : { max_unit_price: maxUnitCents };
}

function encodeLaunch({
  volumes,
  sshKeys,
  startupScript,
  cluster,
  imageVersion,
  memoryGb,
}: LaunchSpecification): object {
  return {
    volumes,
    ssh_keys: sshKeys,
    startup_script: startupScript,
    kubernetes_cluster: cluster,
    image_version: imageVersion,
    memory_gb: memoryGb,
  };
}
