import { randomUUID } from "node:crypto";
import type * as pulumi from "../../../sdk/pulumi";
import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import { normalizeMoney, sameMoney } from "../../../sdk/mithril/money";
import { resolveOffered } from "../offers";
import {
  instancesOf,
  isGoneWithOrder,
  isLiveBid,
  keysAsGiven,
  orderDifferences,
  statusWith,
  withRequiredKeys,
} from "../orders";
import type { InstanceState, SpotBidArgs } from "../../../sdk/mithril/spot-bid";
import type { Bid, BidRequest } from "../types";
import { waitFor } from "../../cloud/wait";
import { connect } from "../connection";
import { Removals } from "../removals";
import { inOrderOf, known, sameSet, type Fields } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { goneByHand } from "../../server/gone";
import { limited } from "../../cloud/limited";
import { messageOf } from "../../../sdk/message";
import { checkImage } from "./image-checks";
import { minuteMs, withCatalogue } from "./inputs";
import { instanceStates } from "./instance-states";
import {
  checkAuctioned,
  checkMinimumPrice,
  checkOrderFields,
  checkOrderPlace,
  checkPrice,
  checkQuantity,
  type OrderFields,
} from "./order-checks";
import { finishOrder } from "./placed-order";
import { createFindable } from "./unfinished";

export type SpotBidInputs = pulumi.Unwrap<SpotBidArgs>;

export interface SpotBidOutputs {
  status: string;
  instances: InstanceState[];
  createdAt: string;
}

export const spotBidHandler: ResourceHandler<SpotBidInputs, SpotBidOutputs> = {
  async check(given, context, before) {
    const inputs = given as Fields<SpotBidInputs>;
    const order: OrderFields = { ...inputs, clusterField: "cluster", quantity: known(inputs.quantity) };
    const fields = [
      ...checkOrderFields(order),
      ...checkPrice("limitPrice", inputs.limitPrice),
      ...checkQuantity(order),
    ];
    const offered = await withCatalogue(context, async (catalogue, connection) => [
      ...unlessStanding(checkAuctioned(order, catalogue), {
        before,
        inputs,
        fields: ["region", "instanceType"],
        log: context.log,
      }),
      ...(await checkImage(inputs, () => connection.api.images(context.signal), before, context.log)),
      ...(await checkOrderPlace(order, connection, context.signal)),
      ...(await checkMinimumPrice("limitPrice", inputs.limitPrice, order, catalogue, connection, context.signal)),
    ]);
    return [...fields, ...offered];
  },

  plan(state, inputs, changed) {
    const price = known(inputs.limitPrice);
    const samePrice = price !== undefined && sameMoney(price, state.inputs.limitPrice);
    const acts = changed.some((path) => !(path === "limitPrice" && samePrice));
    return {
      ignores: samePrice ? ["limitPrice"] : [],
      outputs: acts ? ["status", "instances"] : [],
      deleteBeforeReplace: !changed.includes("name"),
    };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const bid = await place(inputs, context);
    const { fid, createdAt, status } = bid;
    return finishOrder({
      fid,
      outputs: { createdAt, status, instances: [] },
      signal: context.signal,
      find: () => api.bids.find(fid, context.signal),
      pause: inputs.paused ? () => api.bids.update(fid, { paused: true }, context.signal) : undefined,
      read: (found) => outputsOf(api, fid, context.signal, found),
    });
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const bid = await api.bids.find(id, context.signal);
    // A bid that has ended is over: the next `up` makes another.
    if (!bid || !isLiveBid(bid)) return undefined;
    const before = state?.inputs;
    const launch = bid.launchSpecification;
    const inputs: SpotBidInputs = {
      ...before,
      name: bid.name,
      region: bid.region,
      // No bid changes its type, and a name that Mithril no longer lists is no reason to give up a machine.
      instanceType: before?.instanceType ?? bid.instanceType,
      limitPrice: before && sameMoney(before.limitPrice, bid.limitPrice) ? before.limitPrice : bid.limitPrice,
      quantity: bid.quantity,
      sshKeys: keysAsGiven(before?.sshKeys, launch.sshKeys),
      volumes: inOrderOf(before?.volumes, launch.volumes),
      startupScript: launch.startupScript ?? before?.startupScript,
      cluster: launch.cluster,
      image: before?.image ?? launch.imageVersion,
      memoryGb: launch.memoryGb ?? before?.memoryGb,
      paused: bid.status === "Paused",
    };
    return { inputs, outputs: await outputsOf(api, id, context.signal, bid) };
  },

  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    try {
      await limited(context, { what: `changing spot bid "${inputs.name}"`, ms: 10 * minuteMs }, (signal) =>
        change(api, id, inputs, signal),
      );
    } catch (error) {
      // It may be paused half-way: the state must know that it is not done.
      throw new PartialFailure(id, {}, [messageOf(error)], { cause: error });
    }
    return outputsOf(api, id, context.signal);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    await limited(context, { what: `deleting spot bid "${inputs.name}"`, ms: 15 * minuteMs }, async (signal) => {
      const removals = new Removals();
      await waitFor(async () => {
        context.log.status(`spot bid "${inputs.name}" is being deleted: waiting until its instances are gone`);
        const bid = await api.bids.find(id, signal);
        if (bid && isLiveBid(bid)) {
          await removals.send(id, () => api.bids.delete(id, signal));
          return undefined;
        }
        const instances = await instancesOf(api, { bids: [id] }, signal);
        return instances.every(isGoneWithOrder) ? true : undefined;
      }, signal);
    });
  },
};

async function place(inputs: SpotBidInputs, { config, signal }: ResourceContext): Promise<Bid> {
  const { api, catalogue } = connect(config);
  const { name, region, cluster, image, memoryGb, startupScript, volumes = [] } = inputs;
  const request: BidRequest = {
    name,
    region,
    instanceType: resolveOffered(inputs.instanceType, region, await catalogue.read(signal)),
    limitPrice: normalizeMoney(inputs.limitPrice)!,
    quantity: inputs.quantity ?? 1,
    launchSpecification: {
      volumes: [...volumes],
      sshKeys: await withRequiredKeys(api, inputs.sshKeys, signal),
      startupScript,
      cluster,
      imageVersion: image,
      memoryGb,
    },
  };
  const key = randomUUID();
  return createFindable(
    {
      kind: "spot bid",
      name,
      token: "gpu-clusters:mithril:SpotBid",
      find: (stop) => bidsNamed(api, name, stop),
      send: (stop) => api.bids.create(request, key, stop),
      differences: (found) => orderDifferences(found, request),
    },
    signal,
  );
}

export async function bidsNamed(api: MithrilApi, name: string, signal: AbortSignal): Promise<Bid[]> {
  return (await api.bids.list({ name }, signal)).filter(isLiveBid);
}

/** One field each, in the order that Mithril wants: volumes only while it is paused. Every step may be repeated. */
async function change(api: MithrilApi, fid: string, inputs: SpotBidInputs, signal: AbortSignal): Promise<void> {
  const { volumes = [], memoryGb, paused = false } = inputs;
  const bid = await api.bids.find(fid, signal);
  if (!bid || !isLiveBid(bid)) {
    throw goneByHand(`spot bid "${inputs.name}" (${fid}) has ended`);
  }
  if (!sameMoney(bid.limitPrice, inputs.limitPrice)) {
    await api.bids.update(fid, { limitPrice: normalizeMoney(inputs.limitPrice)! }, signal);
  }
  if (memoryGb !== undefined && memoryGb !== bid.launchSpecification.memoryGb) {
    await api.bids.update(fid, { memoryGb }, signal);
  }
  let isPaused = bid.status === "Paused";
  if (!sameSet(volumes, bid.launchSpecification.volumes)) {
    if (!isPaused) await api.bids.update(fid, { paused: true }, signal);
    await waitFor(async () => ((await api.bids.find(fid, signal))?.status === "Paused" ? true : undefined), signal);
    await api.bids.update(fid, { volumes: [...volumes] }, signal);
    isPaused = true;
  }
  if (isPaused !== paused) await api.bids.update(fid, { paused }, signal);
}

async function outputsOf(api: MithrilApi, fid: string, signal: AbortSignal, known?: Bid): Promise<SpotBidOutputs> {
  const bid = known ?? (await api.bids.find(fid, signal));
  if (!bid) throw goneByHand(`spot bid ${fid} is gone`);
  const instances = await instancesOf(api, { bids: [fid] }, signal);
  return { status: statusWith(bid, instances), instances: instanceStates(instances), createdAt: bid.createdAt };
}
