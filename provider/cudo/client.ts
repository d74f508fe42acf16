/** Cudo's API over HTTP. Reference: Cudo API, OpenAPI description; paths say `vm`, `vms`, `disk`, `disks` exactly as there. */
import { number, record, records } from "../cloud/json";
import type { Backoff } from "../cloud/retry";
import { createTransport, type Call, type TransportErrors } from "../cloud/http";
import type { CudoApi } from "./api";
import {
  decodeDataCenter,
  decodeDisk,
  decodeImage,
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
  const send = async (...request: Parameters<typeof transport>) => record(await transport(...request));
  const project = `/v1/projects/${encodeURIComponent(projectId)}`;
  const at = (kind: string, id: string, action = "") => `${project}/${kind}/${encodeURIComponent(id)}${action}`;

  const run = async (method: string, path: string, signal: AbortSignal, call?: Call) => {
    await send(method, path, signal, call);
  };
  /** A delete that was repeated because its answer was lost finds nothing: that is success. */
  const remove = async (method: string, path: string, signal: AbortSignal) => {
    await send(method, path, signal).catch((error: unknown) => {
      if (!isCudoError(error, "notFound")) throw error;
    });
  };
  const find = async <T>(
    path: string,
    decode: (json: Record<string, unknown>) => T,
    signal: AbortSignal,
  ): Promise<T | undefined> => {
    try {
      return decode(await send("GET", path, signal));
    } catch (error) {
      if (isCudoError(error, "notFound")) return undefined;
      throw error;
    }
  };
  const list = <T extends { id: string }>(
    path: string,
    key: string,
    decode: (json: Record<string, unknown>) => T,
    signal: AbortSignal,
  ) =>
    allPages(async (pageNumber, pageSize) => {
      const answer = await send("GET", path, signal, { query: { pageNumber, pageSize } });
      return { items: records(answer[key]).map(decode), totalCount: number(answer.totalCount) };
    });

  return {
    projectId,
    dataCenters: async (signal) =>
      records((await send("GET", "/v1/vms/data-centers", signal)).dataCenters).map(decodeDataCenter),
    machineTypes: async (signal) =>
      records((await send("GET", "/v1/vms/machine-types", signal, { query: { projectId } })).machineTypes).map(
        decodeMachineType,
      ),
    images: async (signal) => {
      const [shared, own] = await Promise.all([
        send("GET", "/v1/vms/public-images", signal),
        list(`${project}/images`, "images", decodeImage, signal),
      ]);
      return [...records(shared.images).map(decodeImage), ...own];
    },
    vms: {
      list: async (signal) => {
        const answer = await send("GET", `${project}/vms`, signal);
        return records(answer.VMs ?? answer.vms).map(decodeVm);
      },
      find: (id, signal) => find(at("vms", id), (answer) => decodeVm(record(answer.VM ?? answer.vm)), signal),
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
      find: (id, signal) => find(at("disks", id), (answer) => decodeDisk(record(answer.disk)), signal),
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
