/** Every operation: method, path, and what it does (reference: Mithril API v2, "All operations"). */
import * as bids from "./bids";
import * as catalogue from "./catalogue";
import * as clusters from "./clusters";
import { badRequest, MithrilError } from "./errors";
import { instanceStatus, instanceView } from "./instances";
import { ofProject, simulatedUser, type World } from "./model";
import { checkProject } from "./orders";
import * as requests from "./requests";
import * as reservations from "./reservations";
import type { Shape } from "./shapes";
import * as sshKeys from "./ssh-keys";
import * as volumes from "./volumes";

export interface Call {
  readonly world: World;
  readonly fid: string;
  readonly param: (name: string) => string;
  readonly body: unknown;
}

export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: Shape;
  readonly run: (call: Call) => unknown;
}

function get(name: string, path: string, run: Operation["run"]): Operation {
  return { name, method: "GET", path, status: 200, run };
}

function withBody<B>(
  name: string,
  [method, path, status]: readonly ["POST" | "PATCH", string, number],
  body: Shape,
  run: (world: World, body: B, fid: string) => unknown,
): Operation {
  return { name, method, path, status, body, run: (call) => run(call.world, call.body as B, call.fid) };
}

function remove(name: string, path: string, run: (world: World, fid: string) => void): Operation {
  return { name, method: "DELETE", path, status: 204, run: ({ world, fid }) => run(world, fid) };
}

export const operations: readonly Operation[] = [
  get("GetMe", "/v2/me", () => ({
    id: simulatedUser,
    fid: simulatedUser,
    email: "user@example.test",
    user_name: null,
    organization_id: "organization",
    organization_role: null,
  })),
  get("ListProjects", "/v2/projects", ({ world }) =>
    Object.values(world.state.projects).map(({ fid, name, createdAt }) => ({
      fid,
      name,
      created_at: new Date(createdAt).toISOString(),
    })),
  ),
  get("ListQuotas", "/v2/quotas", ({ world, param }) => catalogue.listQuotas(world, projectOf(param))),

  withBody<requests.CreateClusterBody>(
    "CreateCluster",
    ["POST", "/v2/kubernetes/clusters", 201],
    requests.createCluster,
    clusters.createCluster,
  ),
  get("ListClusters", "/v2/kubernetes/clusters", ({ world, param }) => clusters.listClusters(world, projectOf(param))),
  get("GetCluster", "/v2/kubernetes/clusters/{fid}", ({ world, fid }) => clusters.getCluster(world, fid)),
  remove("DeleteCluster", "/v2/kubernetes/clusters/{fid}", clusters.deleteCluster),

  withBody<requests.CreateSshKeyBody>(
    "CreateSshKey",
    ["POST", "/v2/ssh-keys", 201],
    requests.createSshKey,
    sshKeys.createSshKey,
  ),
  get("ListSshKeys", "/v2/ssh-keys", ({ world, param }) => sshKeys.listSshKeys(world, projectOf(param))),
  withBody<{ required: boolean }>(
    "UpdateSshKey",
    ["PATCH", "/v2/ssh-keys/{fid}", 200],
    requests.updateSshKey,
    (world, body, fid) => sshKeys.updateSshKey(world, fid, body),
  ),
  remove("DeleteSshKey", "/v2/ssh-keys/{fid}", sshKeys.deleteSshKey),

  withBody<requests.CreateVolumeBody>(
    "CreateVolume",
    ["POST", "/v2/volumes", 201],
    requests.createVolume,
    volumes.createVolume,
  ),
  get("ListVolumes", "/v2/volumes", ({ world, param }) =>
    volumes.listVolumes(world, projectOf(param), param("region"), param("include_deleted") === "true"),
  ),
  withBody<{ name: string }>(
    "UpdateVolume",
    ["PATCH", "/v2/volumes/{fid}", 200],
    requests.updateVolume,
    (world, body, fid) => volumes.updateVolume(world, fid, body),
  ),
  remove("DeleteVolume", "/v2/volumes/{fid}", volumes.deleteVolume),

  withBody<requests.CreateBidBody>("CreateBid", ["POST", "/v2/spot/bids", 201], requests.createBid, bids.createBid),
  get("ListBids", "/v2/spot/bids", ({ world, param }) =>
    page(
      Object.values(world.state.bids).filter(
        (bid) =>
          matches(param("project"), bid.project) &&
          matches(param("instance_type"), bid.instanceType) &&
          matches(param("region"), bid.region) &&
          matches(param("status"), bid.status) &&
          matches(param("name"), bid.name),
      ),
      param,
      bids.bidView,
    ),
  ),
  get("GetBid", "/v2/spot/bids/{fid}", ({ world, fid }) => bids.getBid(world, fid)),
  get("GetBidStatus", "/v2/spot/bids/{fid}/status", ({ world, fid }) => bids.getBidStatus(world, fid)),
  withBody<requests.UpdateBidBody>(
    "UpdateBid",
    ["PATCH", "/v2/spot/bids/{fid}", 200],
    requests.updateBid,
    (world, body, fid) => bids.updateBid(world, fid, body),
  ),
  remove("DeleteBid", "/v2/spot/bids/{fid}", bids.deleteBid),
  get("ListSpotAvailability", "/v2/spot/availability", ({ world }) => catalogue.listSpotAvailability(world)),

  withBody<requests.CreateReservationBody>(
    "CreateReservation",
    ["POST", "/v2/reservation", 201],
    requests.createReservation,
    reservations.createReservation,
  ),
  get("ListReservations", "/v2/reservation", ({ world, param }) => {
    const project = projectOf(param);
    checkProject(world, project);
    const found = ofProject(world.state.reservations, project).filter(
      (reservation) =>
        matches(param("instance_type"), reservation.instanceType) &&
        matches(param("region"), reservation.region) &&
        matches(param("status"), reservation.status),
    );
    return page(found, param, reservations.reservationView);
  }),
  get("ListReservableInstanceTypes", "/v2/reservation/instance-types", ({ world }) =>
    catalogue.listReservableInstanceTypes(world),
  ),
  get("GetReservationQuote", "/v2/reservation/quote", ({ world, param }) =>
    reservations.quoteReservation(world, {
      project: projectOf(param),
      instance_type: required(param, "instance_type"),
      region: required(param, "region"),
      start_time: required(param, "start_time"),
      end_time: required(param, "end_time"),
      instance_quantity: Number(required(param, "quantity")),
    }),
  ),
  withBody<requests.UpdateReservationBody>(
    "UpdateReservation",
    ["PATCH", "/v2/reservation/{fid}", 200],
    requests.updateReservation,
    (world, body, fid) => reservations.updateReservation(world, fid, body),
  ),
  withBody<requests.ExtendReservationBody>(
    "ExtendReservation",
    ["POST", "/v2/reservation/{fid}/extend", 200],
    requests.extendReservation,
    (world, body, fid) => reservations.extendReservation(world, fid, body),
  ),
  withBody<requests.TerminateInstancesBody>(
    "TerminateReservationInstances",
    ["POST", "/v2/reservation/{fid}/terminate-instances", 200],
    requests.terminateInstances,
    (world, body, fid) => reservations.terminateInstances(world, fid, body),
  ),

  get("ListInstances", "/v2/instances", ({ world, param }) => {
    const project = projectOf(param);
    checkProject(world, project);
    const found = ofProject(world.state.instances, project).filter(
      (instance) =>
        matches(param("instance_type"), instance.instanceType) &&
        matches(param("region"), instance.region) &&
        within(param("status_in"), instance.status) &&
        within(param("bid_fid_in"), instance.bid) &&
        within(param("reservation_fid_in"), instance.reservation) &&
        within(param("order_type_in"), instance.bid === undefined ? "Reservation" : "Bid"),
    );
    return page(found, param, instanceView);
  }),
  get("GetInstanceStatus", "/v2/instances/{fid}/status", ({ world, fid }) => instanceStatus(world, fid)),

  get("ListInstanceTypes", "/v2/instance-types", ({ world }) => catalogue.listInstanceTypes(world)),
  get("ListCpuInstanceTypes", "/v2/cpu/instance-types", ({ world }) => catalogue.listCpuInstanceTypes(world)),
  get("ListCpuRegions", "/v2/cpu/regions", () => catalogue.listCpuRegions()),
  get("ListRegions", "/marketplace/v1/regions", () => catalogue.listRegions()),
  get("ListImages", "/v2/image-versions", () => catalogue.listImages()),
  get("ListClusterImages", "/v2/mcc-image-versions", ({ param }) =>
    catalogue.listClusterImages(required(param, "region")),
  ),
  get("GetCurrentPrices", "/v2/pricing/current", ({ world, param }) =>
    catalogue.currentPrices(world, required(param, "instance_type"), param("region")),
  ),
];

function projectOf(param: Call["param"]): string {
  return required(param, "project");
}

function required(param: Call["param"], name: string): string {
  const value = param(name);
  if (value === "") throw new MithrilError(422, [{ loc: ["query", name], msg: "Field required", type: "missing" }]);
  return value;
}

function matches(wanted: string, value: string): boolean {
  return wanted === "" || wanted === value;
}

/** A comma-joined list of what is wanted. */
function within(wanted: string, value: string | undefined): boolean {
  return wanted === "" || (value !== undefined && wanted.split(",").includes(value));
}

const usualPage = 20;
const largestPage = 100;

/** Oldest first. The cursor is opaque to callers. */
function page<T extends { fid: string; createdAt: number }, V>(found: T[], param: Call["param"], view: (item: T) => V) {
  const limit = Number(param("limit") || usualPage);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) {
    throw new MithrilError(422, [
      { loc: ["query", "limit"], msg: `Input should be from 1 to ${largestPage}`, type: "less_than_equal" },
    ]);
  }
  const cursor = param("next_cursor");
  const last = Buffer.from(cursor, "base64url").toString("utf8");
  const sorted = [...found].sort((a, b) => a.createdAt - b.createdAt || (a.fid < b.fid ? -1 : 1));
  const from = cursor === "" ? 0 : sorted.findIndex((item) => item.fid === last) + 1;
  if (cursor !== "" && from === 0) throw badRequest("next_cursor is not valid");
  const items = sorted.slice(from, from + limit);
  const more = from + limit < sorted.length;
  return { data: items.map(view), next_cursor: more ? Buffer.from(items.at(-1)!.fid).toString("base64url") : null };
}
