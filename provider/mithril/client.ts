/** Mithril's API over HTTP. Reference: Mithril API v2, OpenAPI description. */
import type { MithrilApi } from "./api";
import { bids, instances, reservations } from "./client-orders";
import {
  decodeCluster,
  decodeImage,
  decodeInstanceType,
  decodeMarket,
  decodePrices,
  decodeRegion,
  decodeSshKey,
  decodeVolume,
} from "./decode";
import { at, idempotency, MithrilRequests, type MithrilClientOptions } from "./requests";

export function createMithrilClient(options: MithrilClientOptions): MithrilApi {
  const requests = new MithrilRequests(options);
  return {
    projectId: options.projectId,
    clusters: clusters(requests),
    sshKeys: sshKeys(requests),
    volumes: volumes(requests),
    bids: bids(requests),
    reservations: reservations(requests),
    instances: instances(requests),
    ...offers(requests),
  };
}

function clusters(requests: MithrilRequests): MithrilApi["clusters"] {
  const path = "/v2/kubernetes/clusters";
  const { project } = requests;
  return {
    list: (signal) => requests.list(path, decodeCluster, signal, { project }),
    find: (fid, signal) => requests.find(at(path, fid), decodeCluster, signal),
    create: ({ name, region, sshKeys, instanceType, kubernetesVersion, imageVersion }, signal) =>
      requests.create(path, decodeCluster, signal, {
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
    delete: (fid, signal) => requests.remove(at(path, fid), signal),
  };
}

function sshKeys(requests: MithrilRequests): MithrilApi["sshKeys"] {
  const path = "/v2/ssh-keys";
  const { project } = requests;
  return {
    list: (signal) => requests.list(path, decodeSshKey, signal, { project }),
    create: ({ name, publicKey, required }, signal) =>
      requests.create(path, decodeSshKey, signal, { body: { project, name, public_key: publicKey, required } }),
    setRequired: (fid, required, signal) => requests.change(at(path, fid), { required }, signal),
    delete: (fid, signal) => requests.remove(at(path, fid), signal),
  };
}

function volumes(requests: MithrilRequests): MithrilApi["volumes"] {
  const path = "/v2/volumes";
  const { project } = requests;
  return {
    list: (signal) => requests.list(path, decodeVolume, signal, { project, include_deleted: false }),
    create: ({ name, region, diskInterface, sizeGb }, idempotencyKey, signal) =>
      requests.create(path, decodeVolume, signal, {
        body: { name, project, region, disk_interface: diskInterface, size_gb: sizeGb },
        headers: idempotency(idempotencyKey),
      }),
    rename: (fid, name, signal) => requests.change(at(path, fid), { name }, signal),
    delete: (fid, signal) => requests.remove(at(path, fid), signal, { slow: true }),
  };
}

type Offers = "instanceTypes" | "spotAvailability" | "currentPrices" | "regions" | "images" | "clusterImages";

function offers(requests: MithrilRequests): Pick<MithrilApi, Offers> {
  const { project } = requests;
  return {
    instanceTypes: async (signal) => {
      const [auctioned, cpu = []] = await Promise.all([
        requests.list("/v2/instance-types", decodeInstanceType, signal),
        requests.listOrNone("/v2/cpu/instance-types", decodeInstanceType, signal),
      ]);
      return [...auctioned, ...cpu.filter((type) => !auctioned.some(({ fid }) => fid === type.fid))];
    },
    spotAvailability: (signal) => requests.list("/v2/spot/availability", decodeMarket, signal, { project }),
    currentPrices: ({ instanceType, region }, signal) =>
      requests.get("/v2/pricing/current", decodePrices, signal, { instance_type: instanceType, region }),
    // The complete list is not documented; the documented one has regions with CPU machines only.
    regions: async (signal) => {
      const all = await requests.listOrNone("/marketplace/v1/regions", decodeRegion, signal);
      if (all) return all;
      const some = (await requests.listOrNone("/v2/cpu/regions", decodeRegion, signal)) ?? [];
      return some.map((region) => ({ ...region, partial: true }));
    },
    images: (signal) => requests.list("/v2/image-versions", decodeImage, signal),
    clusterImages: (region, signal) => requests.list("/v2/mcc-image-versions", decodeImage, signal, { region }),
  };
}
