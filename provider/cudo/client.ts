/** Cudo's API over HTTP. Reference: Cudo API, OpenAPI description; paths say `vm`, `vms`, `disk`, `disks` exactly as there. */
import { number, object, objects, WrongShape, type Json } from "../cloud/json";
import type { Backoff } from "../cloud/retry";
import { createTransport, type Call, type TransportErrors } from "../cloud/http";
import type { CudoApi } from "./api";
import {
  decodeDataCenter,
  decodeDisk,
  decodeImage,
  decodePublicImage,
  decodeMachineType,
  decodeNetwork,
  decodeSecurityGroup,
  decodeVm,
} from "./decode";
import { CudoApiError, isCudoError, parseError } from "./errors";
import { allPages } from "./paging";
import { cudoBackoff } from "./backoff";

export interface CudoClientOptions {
  /** `https://rest.compute.cudo.org`, or what answers in its place. */
  baseUrl: string;
  apiKey: string;
  projectId: string;
  /** Default: as Cudo recommends. */
  backoff?: Partial<Backoff>;
  /** Longest wait for one answer in milliseconds. Default: 30 000. */
  timeoutMs?: number;
}

const errors: TransportErrors = {
  unavailable: (failure, options) => new CudoApiError({ ...failure, kind: "unavailable" }, options),
  refusal: parseError,
};

export function createCudoClient({
  baseUrl,
  apiKey,
  projectId,
  backoff,
  timeoutMs = 30_000,
}: CudoClientOptions): CudoApi {
  const transport = createTransport({ baseUrl, apiKey, backoff: { ...cudoBackoff, ...backoff }, timeoutMs, errors });
  const project = `/v1/projects/${encodeURIComponent(projectId)}`;
  const at = (kind: string, id: string, action = "") => `${project}/${kind}/${encodeURIComponent(id)}${action}`;

  const run = async (method: string, path: string, signal: AbortSignal, call?: Call) => {
    await transport(method, path, signal, call);
  };
  /** A delete that was repeated because its answer was lost finds nothing: that is success. */
  const remove = async (method: string, path: string, signal: AbortSignal) => {
    await transport(method, path, signal).catch((error: unknown) => {
      if (!isCudoError(error, "notFound")) throw error;
    });
  };
  const find = async <T>(path: string, decode: (json: Json) => T, signal: AbortSignal): Promise<T | undefined> => {
    try {
      return await transport("GET", path, signal, {}, (json) => decode(object(json, "the answer")));
    } catch (error) {
      if (isCudoError(error, "notFound")) return undefined;
      throw error;
    }
  };
  const list = <T extends { id: string }>(path: string, key: string, decode: (json: Json) => T, signal: AbortSignal) =>
    allPages((pageNumber, pageSize) =>
      transport("GET", path, signal, { query: { pageNumber, pageSize } }, (json) => {
        const { totalCount } = object(json, "the answer");
        return {
          items: listIn(json, key).map(decode),
          totalCount: totalCount === undefined ? undefined : number(totalCount),
        };
      }),
    );
  const whole = <T>(path: string, key: string, decode: (json: Json) => T, signal: AbortSignal, query?: Call["query"]) =>
    transport("GET", path, signal, { query }, (json) => listIn(json, key).map(decode));

  return {
    projectId,
    dataCenters: (signal) => whole("/v1/vms/data-centers", "dataCenters", decodeDataCenter, signal),
    machineTypes: (signal) => whole("/v1/vms/machine-types", "machineTypes", decodeMachineType, signal, { projectId }),
    images: async (signal) => {
      const [shared, own] = await Promise.all([
        whole("/v1/vms/public-images", "images", decodePublicImage, signal),
        list(`${project}/images`, "images", decodeImage, signal),
      ]);
      return [...shared, ...own];
    },
    vms: {
      list: (signal) => whole(`${project}/vms`, "VMs", decodeVm, signal),
      find: (id, signal) => find(at("vms", id), (answer) => decodeVm(object(answer.VM ?? answer.vm, "VM")), signal),
      create: (request, signal) =>
        run("POST", `${project}/vm`, signal, { body: request, safety: "once", secrets: [request.startScript] }),
      terminate: (id, signal) => remove("POST", at("vms", id, "/terminate"), signal),
      start: (id, signal) => run("POST", at("vms", id, "/start"), signal),
      stop: (id, signal) => run("POST", at("vms", id, "/stop"), signal),
      resize: (id, size, signal) => run("POST", at("vms", id, "/resize"), signal, { query: { ...size } }),
      growDisk: (id, disk, signal) => run("PATCH", at("vms", id, "/disks"), signal, { query: { ...disk } }),
      setMetadata: (id, metadata, signal) =>
        run("POST", at("vm", id, "/metadata"), signal, { body: { metadata, merge: false } }),
      setSshKeys: (id, keys, signal) => run("POST", at("vm", id, "/authorized-ssh-keys"), signal, { body: keys }),
      commit: (id, commitmentTerm, signal) =>
        run("POST", at("vm", id, "/commit"), signal, { body: { commitmentTerm } }),
      attachSecurityGroup: (id, securityGroupId, signal) =>
        run("PATCH", at("vm", id, "/security-group/attach"), signal, { query: { securityGroupId } }),
      detachSecurityGroup: (id, securityGroupId, signal) =>
        run("PATCH", at("vm", id, "/security-group/detach"), signal, { query: { securityGroupId } }),
    },
    disks: {
      find: (id, signal) => find(at("disks", id), (answer) => decodeDisk(object(answer.disk, "disk")), signal),
      create: (disk, signal) => run("POST", `${project}/disks`, signal, { body: disk, safety: "once" }),
      delete: (id, signal) => remove("DELETE", at("disks", id), signal),
      attach: (id, vmId, signal) => run("PATCH", at("disk", id, "/attach"), signal, { query: { vmId } }),
      detach: (id, signal) => run("PUT", at("disk", id, "/detach"), signal),
    },
    networks: {
      find: (id, signal) => find(at("networks", id), decodeNetwork, signal),
      create: (network, signal) => run("POST", `${project}/networks`, signal, { body: network, safety: "once" }),
      delete: (id, signal) => remove("DELETE", at("networks", id), signal),
    },
    securityGroups: {
      list: (signal) => list(`${project}/security-groups`, "securityGroups", decodeSecurityGroup, signal),
      find: (id, signal) => find(at("security-groups", id), decodeSecurityGroup, signal),
      create: (group, signal) => run("POST", `${project}/security-groups`, signal, { body: group, safety: "once" }),
      update: (id, group, signal) => run("PATCH", at("security-groups", id), signal, { body: group }),
      delete: (id, signal) => remove("DELETE", at("security-groups", id), signal),
    },
  };
}

/**
 * A list of an answer. Whether an empty one is sent or left out is not documented: an answer without anything has an empty list, one that
 * speaks of something else is no list.
 */
function listIn(json: unknown, key: string): Json[] {
  const answer = object(json, "the answer");
  const list = answer[key] ?? answer[key.toLowerCase()];
  if (list !== undefined) return objects(list, key);
  const others = Object.keys(answer).filter((name) => !/^(page|total)/.test(name));
  if (number(answer.totalCount) > 0 || others.length > 0) throw new WrongShape(`${key} is missing`);
  return [];
}
