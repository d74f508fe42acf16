/** Reservations (reference: Mithril API, /v2/reservation). Paid up front; there is no read by fid and no cancellation. */
import { dollarText } from "./bids";
import { usualReservationQuota } from "./conditions";
import { badRequest, conflict, MithrilError, unprocessable } from "./errors";
import { find, isLiveReservation, newFid, ofProject, simulatedUser, type StoredReservation, type World } from "./model";
import {
  checkBilling,
  checkOffered,
  checkOrderName,
  checkProject,
  checkRegion,
  checkRoom,
  checkVolumes,
  instanceTypeOf,
  readLaunch,
  startInstances,
  stopInstances,
} from "./orders";
import { launchView } from "./order-view";
import type {
  CreateReservationBody,
  ExtendReservationBody,
  PriceSpecification,
  TerminateInstancesBody,
  UpdateReservationBody,
} from "./requests";
import type { InstanceTypeData } from "./catalogue-data";

const hourMs = 3_600_000;
const shortestHours = 3;
const longestHours = 14 * 24;
/** "Now" may be a little ago. */
const startToleranceMs = 10 * 60_000;

type Wanted = Omit<CreateReservationBody, "name" | "launch_specification" | "price_specification">;

function checkWanted(world: World, body: Wanted) {
  checkProject(world, body.project);
  checkRegion(body.region);
  const type = instanceTypeOf(body.instance_type);
  checkOffered(world, type);
  if (type.reservedIn.length === 0) throw badRequest(`Instance type ${type.name} cannot be reserved`);
  if (!type.reservedIn.includes(body.region))
    throw badRequest(`Instance type ${type.name} is not available in this region: ${body.region}`);
  if (body.instance_quantity < 1)
    throw unprocessable("instance_quantity", "Input should be greater than or equal to 1");
  const startTime = Date.parse(body.start_time);
  const endTime = Date.parse(body.end_time);
  if (startTime < world.now - startToleranceMs) throw badRequest("start_time is in the past");
  checkLength(startTime, endTime);
  return { type, startTime, endTime, hours: (endTime - startTime) / hourMs };
}

export function reservedCents(world: World, type: InstanceTypeData): number {
  return world.conditions.reservationPrices?.[type.name] ?? type.reservedCents;
}

/** What credits are worth is not documented: none are given. */
export function quoteReservation(world: World, body: Wanted) {
  const { type, hours } = checkWanted(world, body);
  const unit = reservedCents(world, type);
  const total = dollarText(unit * body.instance_quantity * Math.round(hours));
  const none = dollarText(0);
  const standard = { key: "standard", display_name: "Standard", unit_price: dollarText(unit), total_price: total };
  const credits = { return_buyback_price: none, pause_buyback_price: none, total_etbp_value: none };
  return { offers: [{ ...standard, ...credits, total_fubp_value: none, option_premium: none }] };
}

function checkCeiling(unitCents: number, wanted: PriceSpecification | null | undefined): void {
  const { offer_key = "standard", max_unit_price } = wanted ?? {};
  if (offer_key !== "standard") throw badRequest(`There is no offer ${offer_key}`);
  if (max_unit_price != null && unitCents > max_unit_price)
    throw badRequest(`The unit price, ${dollarText(unitCents)}, is above max_unit_price`);
}

export function createReservation(world: World, body: CreateReservationBody) {
  checkBilling(world);
  const { type, startTime, endTime, hours } = checkWanted(world, body);
  const unitCents = reservedCents(world, type);
  checkCeiling(unitCents, body.price_specification);
  checkOrderName(world, body.project, body.name);
  const launch = readLaunch(world, { ...body, quantity: body.instance_quantity }, body.launch_specification);
  const quota = world.conditions.reservationQuota?.[type.name] ?? usualReservationQuota;
  const used = reservedHours(world, body.project, type.fid);
  if (used + hours * body.instance_quantity > quota) {
    throw badRequest(`Reservations quota exceeded for ${type.name}: ${used} of ${quota} instance-hours are in use`);
  }
  if (startTime <= world.now) checkRoom(world, body.instance_quantity, body.region);
  const reservation: StoredReservation = {
    fid: newFid(world.state, "res"),
    name: body.name,
    project: body.project,
    createdAt: world.now,
    region: body.region,
    instanceType: type.fid,
    quantity: body.instance_quantity,
    launch,
    instances: [],
    startTime,
    endTime,
    unitCents,
    status: "Pending",
  };
  world.state.reservations[reservation.fid] = reservation;
  return reservationView(reservation);
}

export function reservedHours(world: World, project: string, instanceType: string): number {
  return ofProject(world.state.reservations, project)
    .filter((reservation) => isLiveReservation(reservation) && reservation.instanceType === instanceType)
    .reduce((sum, reservation) => sum + hoursLeft(reservation, world.now) * reservation.quantity, 0);
}

function hoursLeft({ startTime, endTime }: StoredReservation, now: number): number {
  return Math.max(0, Math.ceil((endTime - Math.max(startTime, now)) / hourMs));
}

function checkLength(startTime: number, endTime: number): void {
  const hours = (endTime - startTime) / hourMs;
  if (hours < shortestHours || hours > longestHours)
    throw badRequest(`A reservation takes ${shortestHours} to ${longestHours} hours`);
  // Seconds are forgiven: nobody starts "now" on the full second.
  if (Math.abs(hours - Math.round(hours)) > 1 / 60) throw badRequest("A reservation takes whole hours");
}

export function updateReservation(world: World, fid: string, body: UpdateReservationBody) {
  const reservation = live(world, fid);
  if (body.volumes != null) {
    checkVolumes(world, reservation, body.volumes, fid);
    reservation.launch.volumes = [...body.volumes];
  }
  if (body.paused === true && reservation.status === "Active") {
    reservation.status = "Paused";
    stopInstances(world, reservation.instances, "STATUS_PAUSED", world.now);
  } else if (body.paused === false && reservation.status === "Paused") {
    reservation.status = "Active";
    startInstances(world, reservation, world.now);
  }
  return reservationView(reservation);
}

export function extendReservation(world: World, fid: string, body: ExtendReservationBody) {
  const reservation = live(world, fid);
  const endTime = Date.parse(body.end_time);
  if (endTime <= reservation.endTime) throw badRequest("end_time must be later than the reservation's own");
  checkLength(reservation.startTime, endTime);
  checkCeiling(reservedCents(world, instanceTypeOf(reservation.instanceType)), body.price_specification);
  reservation.endTime = endTime;
  return reservationView(reservation);
}

/** Stops the instances for good; the money is spent. */
export function terminateInstances(world: World, fid: string, body: TerminateInstancesBody): void {
  const reservation = live(world, fid);
  if (!body.reduce_capacity) throw unprocessable("reduce_capacity", "Input should be True");
  const unknown = body.instances.find((instance) => !reservation.instances.includes(instance));
  if (unknown !== undefined)
    throw new MithrilError(404, `Instance ${unknown} not found in reservation ${reservation.name}`);
  stopInstances(world, body.instances, "STATUS_TERMINATED", world.now);
  reservation.instances = reservation.instances.filter((instance) => !body.instances.includes(instance));
  reservation.quantity = reservation.instances.length;
}

function live(world: World, fid: string): StoredReservation {
  const reservation = find(world.state.reservations, "Reservation", fid);
  if (!isLiveReservation(reservation)) throw conflict(`Reservation ${reservation.name} has already ended`);
  return reservation;
}

export function reservationView(reservation: StoredReservation) {
  const hours = Math.round((reservation.endTime - reservation.startTime) / hourMs);
  return {
    fid: reservation.fid,
    name: reservation.name,
    project: reservation.project,
    created_by: simulatedUser,
    created_at: new Date(reservation.createdAt).toISOString(),
    deactivated_at: reservation.deactivatedAt === undefined ? null : new Date(reservation.deactivatedAt).toISOString(),
    instance_quantity: reservation.quantity,
    instance_type: reservation.instanceType,
    region: reservation.region,
    instances: reservation.instances,
    launch_specification: launchView(reservation.launch),
    start_time: new Date(reservation.startTime).toISOString(),
    end_time: new Date(reservation.endTime).toISOString(),
    total_price: dollarText(reservation.unitCents * reservation.quantity * hours),
    unit_price: dollarText(reservation.unitCents),
    status: reservation.status,
  };
}
