/** A node group's inputs: what is wrong with them. */
import type * as pulumi from "../../../sdk/pulumi";
import { isDnsLabel } from "../../../sdk/dns-label";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import type { NodeGroupArgs, NodeGroupMachineState } from "../../../sdk/mithril/node-group";
import { known, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { checkImage } from "./image-checks";
import { withCatalogue } from "./inputs";
import {
  checkAuctioned,
  checkMinimumPrice,
  checkOrderFields,
  checkOrderPlace,
  checkPeriod,
  checkPrice,
  type OrderFields,
} from "./order-checks";
import { checkReservable, isOtherOrder, type ReservationFields } from "./reservation-checks";

export type NodeGroupInputs = pulumi.Unwrap<NodeGroupArgs>;
type Capacity = NodeGroupInputs["capacity"];

export interface NodeGroupOutputs {
  size: number;
  machines: NodeGroupMachineState[];
  problems: string[];
}

export async function checkNodeGroup(
  given: Unknowable<NodeGroupInputs>,
  context: ResourceContext,
  before?: NodeGroupInputs,
): Promise<CheckFailure[]> {
  const inputs = given as Fields<NodeGroupInputs>;
  const order: OrderFields = {
    ...inputs,
    cluster: inputs.clusterId,
    clusterField: "clusterId",
    quantity: known(inputs.maxSize),
  };
  const spot = spotOf(inputs.capacity);
  const capacity = checkCapacity(inputs, before?.capacity.reservation?.start);
  const reserved = reservationFields(inputs);
  const isBought = reserved && capacity.length === 0 && isOtherOrder(before && reservationFields(before), reserved);
  const offered = await withCatalogue(context, async (catalogue, connection) => [
    ...(isBought ? await checkReservable(reserved, "capacity.reservation.", catalogue, connection, context) : []),
    ...(spot
      ? unlessStanding(checkAuctioned(order, catalogue), {
          before,
          inputs,
          fields: ["region", "instanceType"],
          log: context.log,
        })
      : []),
    ...(await checkImage(inputs, () => connection.api.images(context.signal), before, context.log)),
    ...(await checkOrderPlace(order, connection, context.signal)),
    ...(spot
      ? await checkMinimumPrice(
          "capacity.spot.limitPrice",
          spot.limitPrice,
          order,
          catalogue,
          connection,
          context.signal,
        )
      : []),
  ]);
  return [...checkNames(inputs), ...checkSizes(inputs), ...capacity, ...checkOrderFields(order), ...offered];
}

function spotOf(capacity: Unknowable<Capacity>): Fields<NonNullable<Capacity["spot"]>> | undefined {
  if (isUnknown(capacity)) return undefined;
  const { spot } = capacity as Fields<Capacity>;
  return isUnknown(spot) ? undefined : (spot as Fields<NonNullable<Capacity["spot"]>> | undefined);
}

function reservationFields(inputs: NodeGroupInputs | Fields<NodeGroupInputs>): ReservationFields | undefined {
  if (isUnknown(inputs.capacity)) return undefined;
  const { reservation } = inputs.capacity as Fields<Capacity>;
  if (reservation === undefined || isUnknown(reservation)) return undefined;
  const { start, end, maxUnitPrice } = reservation as Fields<NonNullable<Capacity["reservation"]>>;
  const { region, instanceType, maxSize } = inputs;
  return { region, instanceType, quantity: known(maxSize), start, end, maxUnitPrice };
}

function checkNames(inputs: Fields<NodeGroupInputs>): CheckFailure[] {
  return (["clusterName", "name"] as const).flatMap((property) => {
    const name = known(inputs[property]);
    if (name === undefined || isDnsLabel(name)) return [];
    const reason = `"${name}" must have 1 to 63 lower-case letters, digits and hyphens, and start and end with a letter or digit`;
    return [{ property, reason }];
  });
}

function checkSizes(inputs: Fields<NodeGroupInputs>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason });
  const [min, max, initial] = [known(inputs.minSize), known(inputs.maxSize), known(inputs.initialSize)];
  const step = bidSizeOf(inputs.capacity);
  for (const [field, value] of [
    ["minSize", min],
    ["maxSize", max],
    ["initialSize", initial],
  ] as const) {
    if (value === undefined) continue;
    if (value < 0) fail(field, `must be at least 0, is ${value}`);
    else if (step > 1 && value % step !== 0)
      fail(field, `must be a multiple of capacity.spot.bidSize, ${step}, is ${value}`);
  }
  if (min !== undefined && max !== undefined && min > max) fail("minSize", `${min} is more than maxSize, ${max}`);
  if (initial !== undefined && ((min !== undefined && initial < min) || (max !== undefined && initial > max))) {
    fail("initialSize", `${initial} must lie between minSize, ${min}, and maxSize, ${max}`);
  }
  return failures;
}

function bidSizeOf(capacity: Unknowable<Capacity>): number {
  return known(spotOf(capacity)?.bidSize) ?? 1;
}

function checkCapacity(inputs: Fields<NodeGroupInputs>, startBefore: string | undefined): CheckFailure[] {
  if (isUnknown(inputs.capacity)) return [];
  const { spot, reservation } = inputs.capacity as Fields<Capacity>;
  if ((spot === undefined) === (reservation === undefined)) {
    return [{ property: "capacity", reason: 'must have exactly one of "spot" and "reservation"' }];
  }
  if (reservation === undefined) {
    const bid = spotOf(inputs.capacity);
    const size = known(bid?.bidSize);
    return [
      ...checkPrice("capacity.spot.limitPrice", bid?.limitPrice),
      ...(size !== undefined && size < 1
        ? [{ property: "capacity.spot.bidSize", reason: `must be at least 1, is ${size}` }]
        : []),
    ];
  }
  const [min, max] = [known(inputs.minSize), known(inputs.maxSize)];
  const fixed =
    min !== undefined && max !== undefined && min !== max
      ? [{ property: "maxSize", reason: `must be minSize, ${min}: a reservation's number of instances is fixed` }]
      : [];
  if (isUnknown(reservation)) return fixed;
  const { start, end, maxUnitPrice } = reservation as Fields<NonNullable<Capacity["reservation"]>>;
  return [
    ...fixed,
    ...checkPeriod("capacity.reservation.", start, end, startBefore),
    ...checkPrice("capacity.reservation.maxUnitPrice", maxUnitPrice),
  ];
}
