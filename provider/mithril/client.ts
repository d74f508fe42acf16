/** Mithril's API over HTTP. Reference: Mithril API v2, OpenAPI description. */
import { object, objects } from "../cloud/json";
import type { Backoff } from "../cloud/retry";
import { createTransport, type Call, type TransportErrors } from "../cloud/http";
import type { MithrilApi } from "./api";
import {
  decodeBid,
  decodeCluster,
  decodeImage,
  decodeInstance,
  decodeInstanceType,
  decodeMarket,
  decodePrices,
  decodeQuote,
  decodeRegion,
  decodeReservation,
  decodeSshKey,
  decodeVolume,
} from "./decode";
import { isMithrilError, MithrilApiError, parseError } from "./errors";
import { allPages } from "./paging";
import { mithrilBackoff } from "./backoff";
import type { LaunchSpecification } from "./types";

export interface MithrilClientOptions {
  /** `https://api.mithril.ai`, or what answers in its place. */
  baseUrl: string;
  apiKey: string;
  /** `proj_…` */
  projectId: string;
  /** Default: as Mithril's own client waits. */
  backoff?: Partial<Backoff>;
  /** Longest wait for one answer in milliseconds. Default: 30 000. */
  timeoutMs?: number;
}

/** Volume deletion takes Mithril longer than everything else. */
const volumeDeleteFactor = 4;

const errors: TransportErrors = {
  unavailable: (failure, options) => new MithrilApiError({ ...failure, kind: "unavailable" }, options),
  refusal: parseError,
};

/** Mithril's own client sends it, but nothing says that the API honours it: never relied upon. */
const idempotency = (key: string) => ({ "idempotency-key": key });

export function createMithrilClient({
  baseUrl,
  apiKey,
  projectId,
  backoff,
  timeoutMs = 30_000,
}: MithrilClientOptions): MithrilApi {
  const options = { baseUrl, apiKey, backoff: { ...mithrilBackoff, ...backoff }, errors };
  const send = createTransport({ ...options, timeoutMs });
  const sendSlow = createTransport({ ...options, timeoutMs: timeoutMs * volumeDeleteFactor });
  const project = projectId;
  const at = (path: string, fid: string, action = "") => `${path}/${encodeURIComponent(fid)}${action}`;

  type Decode<T> = (json: Record<string, unknown>) => T;
  const list = <T>(path: string, decode: Decode<T>, signal: AbortSignal, query: Call["query"] = {}) =>
    send("GET", path, signal, { query }, (json) => objects(json, "the answer").map(decode));
  const pages = <T>(path: string, decode: Decode<T>, signal: AbortSignal, query: Call["query"]) =>
    allPages<T>(
      `GET ${path}`,
      (page, read) => send("GET", path, signal, { query: { ...query, ...page } }, read),
      decode,
    );
  const one =
    <T>(decode: Decode<T>) =>
    (json: unknown) =>
      decode(object(json, "the answer"));
  const find = async <T>(path: string, decode: Decode<T>, signal: AbortSignal): Promise<T | undefined> => {
    try {
      return await send("GET", path, signal, {}, one(decode));
    } catch (error) {
      if (isMithrilError(error, "notFound")) return undefined;
      throw error;
    }
  };
  const create = <T>(path: string, decode: Decode<T>, signal: AbortSignal, call: Call): Promise<T> =>
    send("POST", path, signal, { ...call, safety: "once" }, one(decode));
  const change = (method: "PATCH" | "POST", path: string, body: object, signal: AbortSignal) =>
    send(method, path, signal, { body, safety: method === "POST" ? "once" : "repeatable" });
  /** A delete that was repeated because its answer was lost finds nothing, or something that has ended: that is success. */
  const remove = async (path: string, signal: AbortSignal, transport = send) => {
    await transport("DELETE", path, signal).catch((error: unknown) => {
      const gone =
        isMithrilError(error, "notFound") ||
        (isMithrilError(error) && /already (been )?(ended|terminated|cancell?ed|deleted)/i.test(error.cloudMessage));
      if (!gone) throw error;
    });
  };
  /** What only some projects have. */
  const orNone = async <T>(read: Promise<T[]>): Promise<T[] | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (isMithrilError(error, "notFound", "permission")) return undefined;
      throw error;
    }
  };

  return {
    projectId,
    clusters: {
      list: (signal) => list("/v2/kubernetes/clusters", decodeCluster, signal, { project }),
      find: (fid, signal) => find(at("/v2/kubernetes/clusters", fid), decodeCluster, signal),
      create: ({ name, region, sshKeys, instanceType, kubernetesVersion, imageVersion }, signal) =>
        create("/v2/kubernetes/clusters", decodeCluster, signal, {
          body: {
            name,
            project,
            region,
            ssh_keys: sshKeys,
            instance_type: instanceType,
            k8s_version: kubernetesVersion,
            image_version: imageVersion,
          },
        }),
      delete: (fid, signal) => remove(at("/v2/kubernetes/clusters", fid), signal),
    },
    sshKeys: {
      list: (signal) => list("/v2/ssh-keys", decodeSshKey, signal, { project }),
      create: ({ name, publicKey, required }, signal) =>
        create("/v2/ssh-keys", decodeSshKey, signal, { body: { project, name, public_key: publicKey, required } }),
      setRequired: async (fid, required, signal) => {
        await change("PATCH", at("/v2/ssh-keys", fid), { required }, signal);
      },
      delete: (fid, signal) => remove(at("/v2/ssh-keys", fid), signal),
    },
    volumes: {
      list: (signal) => list("/v2/volumes", decodeVolume, signal, { project, include_deleted: false }),
      create: ({ name, region, diskInterface, sizeGb }, idempotencyKey, signal) =>
        create("/v2/volumes", decodeVolume, signal, {
          body: { name, project, region, disk_interface: diskInterface, size_gb: sizeGb },
          headers: idempotency(idempotencyKey),
        }),
      rename: async (fid, name, signal) => {
        await change("PATCH", at("/v2/volumes", fid), { name }, signal);
      },
      delete: (fid, signal) => remove(at("/v2/volumes", fid), signal, sendSlow),
    },
    bids: {
      list: (filter, signal) => pages("/v2/spot/bids", decodeBid, signal, { project, ...filter }),
      find: (fid, signal) => find(at("/v2/spot/bids", fid), decodeBid, signal),
      create: ({ name, region, instanceType, limitPrice, quantity, launchSpecification }, idempotencyKey, signal) =>
        create("/v2/spot/bids", decodeBid, signal, {
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
        return send("PATCH", at("/v2/spot/bids", fid), signal, { body }, one(decodeBid));
      },
      delete: (fid, signal) => remove(at("/v2/spot/bids", fid), signal),
    },
    reservations: {
      list: (signal) => pages("/v2/reservation", decodeReservation, signal, { project }),
      create: (
        { name, region, instanceType, quantity, startTime, endTime, launchSpecification, maxUnitCents },
        idempotencyKey,
        signal,
      ) =>
        create("/v2/reservation", decodeReservation, signal, {
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
      update: async (fid, update, signal) => {
        await change("PATCH", at("/v2/reservation", fid), update, signal);
      },
      extend: async (fid, { endTime, maxUnitCents }, signal) => {
        const body = { end_time: endTime, price_specification: encodeCeiling(maxUnitCents) };
        await change("POST", at("/v2/reservation", fid, "/extend"), body, signal);
      },
      terminateInstances: async (fid, instances, signal) => {
        await change(
          "POST",
          at("/v2/reservation", fid, "/terminate-instances"),
          { instances, reduce_capacity: true },
          signal,
        );
      },
      instanceTypes: (signal) => orNone(list("/v2/reservation/instance-types", decodeInstanceType, signal)),
      quote: ({ instanceType, region, startTime, endTime, quantity }, signal) => {
        const query = {
          project,
          instance_type: instanceType,
          region,
          quantity,
          start_time: startTime,
          end_time: endTime,
        };
        return send("GET", "/v2/reservation/quote", signal, { query }, one(decodeQuote));
      },
    },
    instances: {
      list: ({ bids, reservations }, signal) =>
        pages("/v2/instances", decodeInstance, signal, {
          project,
          bid_fid_in: bids?.join(","),
          reservation_fid_in: reservations?.join(","),
        }),
    },
    instanceTypes: async (signal) => {
      const [auctioned, cpu] = await Promise.all([
        list("/v2/instance-types", decodeInstanceType, signal),
        orNone(list("/v2/cpu/instance-types", decodeInstanceType, signal)),
      ]);
      return [...auctioned, ...(cpu ?? []).filter((type) => !auctioned.some(({ fid }) => fid === type.fid))];
    },
    spotAvailability: (signal) => list("/v2/spot/availability", decodeMarket, signal, { project }),
    currentPrices: ({ instanceType, region }, signal) => {
      const query = { instance_type: instanceType, region };
      return send("GET", "/v2/pricing/current", signal, { query }, one(decodePrices));
    },
    // The complete list is not documented; the documented one has regions with CPU machines only.
    regions: async (signal) =>
      (await orNone(list("/marketplace/v1/regions", decodeRegion, signal))) ??
      (await orNone(list("/v2/cpu/regions", decodeRegion, signal)))?.map((region) => ({ ...region, partial: true })) ??
      [],
    images: (signal) => list("/v2/image-versions", decodeImage, signal),
    clusterImages: (region, signal) => list("/v2/mcc-image-versions", decodeImage, signal, { region }),
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
