/** Runs a node group that is one reservation: paid up front, of fixed size. */
import { counted } from "../../sdk/counted";
import { GroupUnfinished, type NodeGroupDriver, type NodeGroupProblem, type NodeTemplate } from "../node-groups/driver";

import type { MithrilApi } from "./api";
import { createOnce, type Search } from "./create-once";
import { instanceName, reservationName } from "./names";
import {
  groupId,
  instanceState,
  machineId,
  moveNotice,
  providerIdOf,
  type MithrilDescription,
  type MithrilMachine,
} from "./node-group-driver";
import { inPlaces, instancesOf, isLiveReservation } from "./orders";
import {
  endReservation,
  extendReservation,
  reservationCreate,
  withoutInstances,
  type ReservationEnd,
} from "./reservation-lifecycle";
import type { Instance, LaunchSpecification, Reservation } from "./types";

export interface ReservedGroup {
  api: MithrilApi;
  clusterId: string;
  clusterName: string;
  group: string;
  region: string;
  /** RFC 3339. */
  start: string;
  end: string;
  onDestroy: ReservationEnd | undefined;
  /** Most per instance and hour, in cents. */
  maxUnitCents?: number;
  order(signal: AbortSignal): Promise<{ instanceType: string; launchSpecification: LaunchSpecification }>;
  paused: boolean;
  search?: Search;
  template(signal: AbortSignal): Promise<NodeTemplate>;
}

export class ReservedGroupDriver implements NodeGroupDriver {
  constructor(private readonly group: ReservedGroup) {}

  /** A reservation of this name is the group's, whoever made it: Mithril's orders cannot carry a mark. */
  async ensure(size: number, signal: AbortSignal): Promise<string> {
    await this.resize(size, signal).catch((error: unknown) => {
      throw new GroupUnfinished(error);
    });
    return groupId(this.group);
  }

  async describe(signal: AbortSignal): Promise<MithrilDescription> {
    const reservation = await this.reservation(signal);
    if (!reservation) return { size: 0, machines: [] };
    const instances = await instancesOf(this.group.api, { reservations: [reservation.fid] }, signal);
    const names = Array.from({ length: reservation.quantity }, (_, index) => instanceName(reservation.name, index + 1));
    const machines = inPlaces(names, instances).map((instance, index) => machineOf(reservation, index + 1, instance));
    return { id: groupId(this.group), size: reservation.quantity, machines };
  }

  async resize(size: number, signal: AbortSignal): Promise<void> {
    const { api, clusterName, group, region, start, end, maxUnitCents, paused, search } = this.group;
    const reservation = await this.reservation(signal);
    if (reservation) {
      if (reservation.quantity === size) return;
      const spent = withoutInstances(reservation);
      if (spent !== undefined) throw new Error(spent);
      throw new Error(
        `capacity.reservation: reservation "${reservation.name}" (${reservation.fid}) has ${counted(reservation.quantity, "instance")}, and their number cannot be changed`,
      );
    }
    // What is over is not bought again.
    if (size === 0 || Date.parse(end) <= Date.now()) return;
    const order = await this.group.order(signal);
    const request = {
      name: reservationName(clusterName, group),
      region,
      quantity: size,
      startTime: start,
      endTime: end,
      maxUnitCents,
      ...order,
    };
    const made = await createOnce(reservationCreate(api, request), signal, search);
    if (paused) await api.reservations.update(made.fid, { paused }, signal);
  }

  async remove(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { machines } = await this.describe(signal);
    const kept = machines.filter(({ id }) => ids.includes(id));
    if (kept.length === 0) return;
    throw new Error(
      `capacity.reservation: nodes of a reservation are paid for and are not removed one by one (${kept.map(({ id }) => id).join(", ")})`,
    );
  }

  async destroy(signal: AbortSignal): Promise<void> {
    const { api, onDestroy } = this.group;
    const reservation = await this.reservation(signal);
    if (!reservation) return;
    await endReservation(api, reservation.fid, { onDestroy, property: "capacity.reservation.onDestroy" }, signal);
  }

  async problems(_since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]> {
    const { end } = this.group;
    const over = new Date(end);
    const reservation = await this.reservation(signal);
    if (!reservation && over <= new Date()) {
      return [{ kind: "lost", message: `the reservation ended at ${end}`, at: over }];
    }
    if (reservation?.status === "Pending") {
      const message = `reservation "${reservation.name}" (${reservation.fid}) begins at ${reservation.startTime}`;
      return [{ kind: "capacity", message, at: new Date() }];
    }
    return [];
  }

  /** Brings the reservation to the group's end and pause. */
  async reshape(signal: AbortSignal): Promise<boolean> {
    const { api, end: endTime, maxUnitCents, paused } = this.group;
    const reservation = await this.reservation(signal);
    if (!reservation) return false;
    const extended = Date.parse(reservation.endTime) < Date.parse(endTime);
    if (extended) await extendReservation(api, reservation.fid, { endTime, maxUnitCents }, signal);
    const otherwise = (reservation.status === "Paused") !== paused;
    if (otherwise) await api.reservations.update(reservation.fid, { paused }, signal);
    return extended || otherwise;
  }

  template(signal: AbortSignal): Promise<NodeTemplate> {
    return this.group.template(signal);
  }

  private async reservation(signal: AbortSignal): Promise<Reservation | undefined> {
    const { api, clusterId, clusterName, group } = this.group;
    const name = reservationName(clusterName, group);
    return (await api.reservations.list(signal)).find(
      (found) => found.name === name && found.launchSpecification.cluster === clusterId && isLiveReservation(found),
    );
  }
}

function machineOf(reservation: Reservation, index: number, instance: Instance | undefined): MithrilMachine {
  const nodeName = instanceName(reservation.name, index);
  const notice = moveNotice(instance);
  return {
    id: machineId(reservation.fid, index),
    nodeName,
    providerId: providerIdOf(reservation.project, nodeName),
    state: instance ? instanceState(instance.status) : "creating",
    ...(notice !== undefined && { notice }),
    createdAt: reservation.createdAt,
    bundle: reservation.fid,
    orderStatus: reservation.status,
    instanceStatus: instance?.status ?? "",
  };
}
