import type * as pulumi from "../../../sdk/pulumi";
import { type ResourceContext, type ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import { parseMoney } from "../../../sdk/mithril/money";
import { resolveReservable } from "../offers";
import { instancesOf, isLiveReservation, keysAsGiven, withRequiredKeys } from "../orders";
import type { ReservationArgs } from "../../../sdk/mithril/reservation";
import {
  endReservation,
  extendReservation,
  findReservation,
  reservationCreate,
  withoutInstances,
} from "../reservation-lifecycle";
import type { InstanceState } from "../../../sdk/mithril/spot-bid";
import type { Reservation } from "../types";
import { connect } from "../connection";
import { inOrderOf, known, sameSet, type Fields } from "../../cloud/inputs";
import { goneByHand } from "../../server/gone";
import { limited } from "../../cloud/limited";
import { isTime } from "../../../sdk/mithril/order-rules";
import { checkImage } from "./image-checks";
import { minuteMs, sameTime, withCatalogue } from "./inputs";
import { instanceStates } from "./instance-states";
import {
  checkOrderFields,
  checkOrderPlace,
  checkPeriod,
  checkPrice,
  checkQuantity,
  type OrderFields,
} from "./order-checks";
import { checkReservable, isOtherOrder, type ReservationFields } from "./reservation-checks";
import { finishOrder } from "./placed-order";
import { createFindable } from "./unfinished";

export type ReservationInputs = pulumi.Unwrap<ReservationArgs>;

export interface ReservationOutputs {
  status: string;
  instances: InstanceState[];
  totalPrice: string;
  unitPrice: string;
  createdAt: string;
}

export const reservationHandler: ResourceHandler<ReservationInputs, ReservationOutputs> = {
  async check(given, context, before) {
    const inputs = given as Fields<ReservationInputs>;
    const order: OrderFields = { ...inputs, clusterField: "cluster", quantity: known(inputs.quantity) };
    const fields = [
      ...checkOrderFields(order),
      ...checkPeriod("", inputs.start, inputs.end, before?.start),
      ...checkPrice("maxUnitPrice", inputs.maxUnitPrice),
      ...checkQuantity(order),
    ];
    const isBought =
      fields.length === 0 && isOtherOrder(before && reservationFields(before), reservationFields(inputs));
    const offered = await withCatalogue(context, async (catalogue, connection) => [
      ...(isBought ? await checkReservable(reservationFields(inputs), "", catalogue, connection, context) : []),
      ...(await checkImage(inputs, () => connection.api.images(context.signal), before, context.log)),
      ...(await checkOrderPlace(order, connection, context.signal)),
    ]);
    return [...fields, ...offered];
  },

  plan({ inputs: before }, inputs, changed) {
    const [start, end] = [known(inputs.start), known(inputs.end)];
    const isSame = (now: string | undefined, old: string) => now !== undefined && isTime(now) && sameTime(now, old);
    const ignores = [...(isSame(start, before.start) ? ["start"] : []), ...(isSame(end, before.end) ? ["end"] : [])];
    const shorter = end !== undefined && isTime(end) && Date.parse(end) < Date.parse(before.end);
    const moves = changed.some((path) => !["onDestroy", "maxUnitPrice", ...ignores].includes(path));
    return {
      ignores,
      replaces: shorter ? ["end"] : [],
      outputs: moves ? ["status", "instances", "totalPrice"] : [],
      deleteBeforeReplace: !changed.includes("name"),
    };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const made = await order(inputs, context);
    const { fid } = made;
    return finishOrder({
      fid,
      outputs: describe(made, []),
      signal: context.signal,
      find: () => findReservation(api, fid, context.signal),
      pause: inputs.paused ? () => api.reservations.update(fid, { paused: true }, context.signal) : undefined,
      read: (found) => outputsOf(api, fid, context.signal, found),
    });
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const found = await findReservation(api, id, context.signal);
    // One that has ended is kept as it was: making it again would buy time that has passed.
    // One whose instances were all terminated has nothing left to use.
    if (!found || found.status === "Canceled" || found.quantity === 0) return undefined;
    const before = state?.inputs;
    const launch = found.launchSpecification;
    const keepTime = (old: string | undefined, live: string) => (old !== undefined && sameTime(old, live) ? old : live);
    const inputs: ReservationInputs = {
      ...before,
      name: found.name,
      region: found.region,
      // No reservation changes its type, and a name that Mithril no longer lists is no reason to pay for another.
      instanceType: before?.instanceType ?? found.instanceType,
      // Terminated instances lower it: that is no reason to buy all of it again.
      quantity: before?.quantity ?? found.quantity,
      // "Now" may be stored as another second.
      start: before?.start ?? found.startTime,
      end: keepTime(before?.end, found.endTime),
      sshKeys: keysAsGiven(before?.sshKeys, launch.sshKeys),
      volumes: inOrderOf(before?.volumes, launch.volumes),
      startupScript: launch.startupScript ?? before?.startupScript,
      cluster: launch.cluster,
      image: before?.image ?? launch.imageVersion,
      paused: isLiveReservation(found) ? found.status === "Paused" : (before?.paused ?? false),
    };
    return { inputs, outputs: await outputsOf(api, id, context.signal, found) };
  },

  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    const { signal } = context;
    const found = await findReservation(api, id, signal);
    if (!found) throw goneByHand(`reservation "${inputs.name}" (${id}) is gone`);
    const isLater = Date.parse(inputs.end) > Date.parse(found.endTime);
    const spent = withoutInstances(found);
    if (isLater && isLiveReservation(found) && spent !== undefined) throw new Error(spent);
    if (isLater && !isLiveReservation(found))
      throw new Error(
        `end: reservation "${inputs.name}" (${id}) has ended, at ${found.endTime}, and cannot be extended: leave its end as it was, and order time ` +
          "to come as another reservation, with a name and a start of its own",
      );
    if (isLiveReservation(found)) {
      if (isLater) {
        await extendReservation(api, id, { endTime: inputs.end, maxUnitCents: ceilingOf(inputs) }, signal);
      }
      const { volumes = [], paused = false } = inputs;
      if (!sameSet(volumes, found.launchSpecification.volumes)) {
        await api.reservations.update(id, { volumes: [...volumes] }, signal);
      }
      if ((found.status === "Paused") !== paused) await api.reservations.update(id, { paused }, signal);
    }
    return outputsOf(api, id, signal);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const end = { onDestroy: inputs.onDestroy, property: "onDestroy" };
    context.log.status(`reservation "${inputs.name}" is being ended`);
    await limited(context, { what: `ending reservation "${inputs.name}"`, ms: 15 * minuteMs }, (signal) =>
      endReservation(api, id, end, signal),
    );
    if (inputs.onDestroy === "keep")
      context.log.warn(`reservation "${inputs.name}" (${id}) stays, and is paid, until ${inputs.end}`);
  },
};

function reservationFields(inputs: ReservationInputs | Fields<ReservationInputs>): ReservationFields {
  const { region, instanceType, quantity = 1, start, end, maxUnitPrice } = inputs;
  return { region, instanceType, quantity: known(quantity), start, end, maxUnitPrice };
}

function ceilingOf({ maxUnitPrice }: ReservationInputs): number | undefined {
  return maxUnitPrice === undefined ? undefined : parseMoney(maxUnitPrice);
}

async function order(inputs: ReservationInputs, { config, signal }: ResourceContext): Promise<Reservation> {
  const { api, catalogue, reservable } = connect(config);
  const { name, region, start, end, cluster, image, startupScript, volumes = [] } = inputs;
  const request = {
    name,
    region,
    instanceType: resolveReservable(inputs.instanceType, region, {
      reservable: await reservable.read(signal),
      markets: (await catalogue.read(signal)).markets,
    }),
    quantity: inputs.quantity ?? 1,
    startTime: start,
    endTime: end,
    maxUnitCents: ceilingOf(inputs),
    launchSpecification: {
      volumes: [...volumes],
      sshKeys: await withRequiredKeys(api, inputs.sshKeys, signal),
      startupScript,
      cluster,
      imageVersion: image,
    },
  };
  return createFindable(reservationCreate(api, request), signal);
}

async function outputsOf(
  api: MithrilApi,
  fid: string,
  signal: AbortSignal,
  known?: Reservation,
): Promise<ReservationOutputs> {
  const found = known ?? (await findReservation(api, fid, signal));
  if (!found) throw goneByHand(`reservation ${fid} is gone`);
  return describe(found, instanceStates(await instancesOf(api, { reservations: [fid] }, signal)));
}

function describe(
  { status, totalPrice, unitPrice, createdAt }: Reservation,
  instances: InstanceState[],
): ReservationOutputs {
  return { status, instances, totalPrice, unitPrice, createdAt };
}
