/** Every operation: method, path, and what it does. Paths are copied from the reference, with its mixture of `vm` and `vms`. */
import * as account from "./account";
import * as catalogue from "./catalogue";
import { required } from "./checks";
import * as disks from "./disks";
import * as images from "./images";
import * as messages from "./messages";
import { ofProject, type World } from "./model";
import * as networks from "./networks";
import { numberedPage, tokenPage, unsigned } from "./paging";
import { decode, type Decoded, type Message } from "./protojson";
import { searchResources } from "./search";
import * as groups from "./security-groups";
import { createVm } from "./vm-create";
import * as vms from "./vms";

export interface Call {
  readonly world: World;
  /** Parts of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Reads the body as the gateway does: before it asks who is calling. */
  readonly prepare: (body: string) => (call: Call) => object;
}

type Run = (call: Call & { id: string; project: string; param: (name: string) => string }) => object;

function operation(name: string, method: string, path: string, run: Run): Operation {
  return { name, method, path, prepare: () => (call) => run(extended(call)) };
}

function operationWithBody<M extends Message>(
  name: string,
  method: string,
  path: string,
  message: M,
  run: (call: Parameters<Run>[0], body: Decoded<M>) => object,
): Operation {
  return {
    name,
    method,
    path,
    prepare: (text) => {
      const body = decode(message, text);
      return (call) => run(extended(call), body);
    },
  };
}

function extended(call: Call): Parameters<Run>[0] {
  const { path, query } = call;
  return { ...call, id: path["id"] ?? "", project: path["projectId"] ?? "", param: (name) => query.get(name) ?? "" };
}

const project = "/v1/projects/{projectId}";
const vmOf = ({ world, project, id }: { world: World; project: string; id: string }) => vms.findVm(world, project, id);

const catalogueOperations: Operation[] = [
  operation("ListVMDataCenters", "GET", "/v1/vms/data-centers", ({ world }) => catalogue.listDataCenters(world)),
  operation("ListVMMachineTypes", "GET", "/v1/vms/machine-types", ({ world }) => catalogue.listMachineTypes(world)),
  operation("ListVMMachineTypes2", "GET", "/v1/vms/machine-types-2", ({ world }) => catalogue.listMachineTypes(world)),
  operation(
    "GetVMMachineType",
    "GET",
    "/v1/vms/data-centers/{dataCenterId}/machine_types/{machineTypeId}",
    ({ world, path }) => catalogue.getMachineType(world, path["dataCenterId"]!, path["machineTypeId"]!),
  ),
  operation("ListVMGpuModels", "GET", "/v1/vms/gpu-models", () => catalogue.listGpuModels()),
  operation("ListPublicVMImages", "GET", "/v1/vms/public-images", ({ world }) => catalogue.listPublicImages(world)),
];

const accountOperations: Operation[] = [
  operation("Get", "GET", "/v1/auth", () => account.profile()),
  operation("ListApiKeys", "GET", "/v1/api-keys", ({ world, query }) =>
    numberedPage(query, "apiKeys", Object.values(world.state.apiKeys).map(account.apiKeyView)),
  ),
  operationWithBody("GenerateApiKey", "POST", "/v1/api-keys", messages.apiKeyBody, ({ world }, body) =>
    account.generateApiKey(world, body),
  ),
  operation("DeleteApiKey", "DELETE", "/v1/api-keys/{name}", ({ world, path }) =>
    account.deleteApiKey(world, path["name"]!),
  ),
  operation("ListSshKeys", "GET", "/v1/ssh-keys", ({ world, query }) =>
    numberedPage(query, "sshKeys", Object.values(world.state.sshKeys).map(account.sshKeyView)),
  ),
  operationWithBody("CreateSshKey", "POST", "/v1/ssh-keys", messages.sshKeyBody, ({ world }, body) =>
    account.createSshKey(world, body),
  ),
  operation("GetSshKey", "GET", "/v1/ssh-keys/{id}", ({ world, id }) =>
    account.sshKeyView(account.findSshKey(world, id)),
  ),
  operation("DeleteSshKey", "DELETE", "/v1/ssh-keys/{id}", ({ world, id }) => account.deleteSshKey(world, id)),
  operation("ListProjectSshKeys", "GET", "/v1/project/{projectId}/ssh-keys", ({ world }) => ({
    sshKeys: Object.values(world.state.sshKeys).map(account.sshKeyView),
  })),
  operation("ListBillingAccounts", "GET", "/v1/billing-accounts", ({ query }) =>
    tokenPage(query, "billingAccounts", [account.billingAccountView()]),
  ),
  operation("GetBillingAccount", "GET", "/v1/billing-accounts/{id}", ({ id }) => account.getBillingAccount(id)),
  operation("ListProjects", "GET", "/v1/projects", ({ world, query }) =>
    tokenPage(
      query,
      "projects",
      Object.values(world.state.projects).map((entry) => account.projectView(world.state, entry)),
    ),
  ),
  operationWithBody("CreateProject", "POST", "/v1/projects", messages.projectBody, ({ world }, body) =>
    account.createProject(world, body),
  ),
  operation("GetProject", "GET", project, ({ world, project }) =>
    account.projectView(world.state, world.state.projects[project]!),
  ),
  operationWithBody("UpdateProject", "PATCH", project, messages.projectUpdateBody, ({ world, project }, body) =>
    account.updateProject(world, world.state.projects[project]!, body),
  ),
  operation("DeleteProject", "DELETE", project, ({ world, project }) =>
    account.deleteProject(world, world.state.projects[project]!),
  ),
  operation("SearchResources", "GET", "/v1/resources/search", ({ world, param }) =>
    searchResources(world, required("query", param("query"))),
  ),
];

const vmOperations: Operation[] = [
  operationWithBody("CreateVM", "POST", `${project}/vm`, messages.createVmBody, ({ world, project }, body) =>
    createVm(world, project, body),
  ),
  operation("ListVMs", "GET", `${project}/vms`, ({ world, project, param }) =>
    vms.listVms(world, project, param("networkId")),
  ),
  operation("CountVMs", "GET", `${project}/count-vms`, ({ world, project }) => vms.countVms(world, project)),
  operation("GetVM", "GET", `${project}/vms/{id}`, (call) => vms.getVm(call.world, vmOf(call))),
  operation("TerminateVM", "POST", `${project}/vms/{id}/terminate`, (call) => vms.terminateVm(call.world, vmOf(call))),
  operation("StartVM", "POST", `${project}/vms/{id}/start`, (call) => vms.startVm(call.world, vmOf(call))),
  operation("StopVM", "POST", `${project}/vms/{id}/stop`, (call) => vms.stopVm(call.world, vmOf(call))),
  operation("RebootVM", "POST", `${project}/vms/{id}/reboot`, (call) => vms.rebootVm(call.world, vmOf(call))),
  operation("ResizeVM", "POST", `${project}/vms/{id}/resize`, (call) => {
    const size = { vcpus: unsigned(call.query, "vcpus"), memoryGib: unsigned(call.query, "memoryGib") };
    return vms.resizeVm(call.world, vmOf(call), size);
  }),
  operation("ResizeVMDisk", "PATCH", `${project}/vms/{id}/disks`, (call) =>
    disks.growDisk(call.world, vmOf(call), call.param("diskId"), unsigned(call.query, "sizeGib")),
  ),
  operation("ConnectVM", "GET", `${project}/vms/{id}/connect`, (call) => vms.connectVm(vmOf(call))),
  operation("MonitorVM", "GET", `${project}/vms/{id}/monitor`, (call) => vms.monitorVm(call.world, vmOf(call))),
  operationWithBody("UpdateVMMetadata", "POST", `${project}/vm/{id}/metadata`, messages.metadataBody, (call, body) =>
    vms.updateMetadata(vmOf(call), body),
  ),
  operationWithBody(
    "UpdateVMExpireTime",
    "POST",
    `${project}/vm/{id}/expire-time`,
    messages.expireTimeBody,
    (call, body) => vms.updateExpireTime(call.world, vmOf(call), body),
  ),
  operationWithBody("UpdateVMPassword", "POST", `${project}/vm/{id}/password`, messages.passwordBody, (call, body) => {
    vmOf(call);
    return vms.updatePassword(body);
  }),
  operationWithBody(
    "UpdateVMAuthorizedSSHKeys",
    "POST",
    `${project}/vm/{id}/authorized-ssh-keys`,
    messages.sshKeysBody,
    (call, body) => vms.updateSshKeys(vmOf(call), body),
  ),
  operationWithBody("CommitVM", "POST", `${project}/vm/{id}/commit`, messages.commitBody, (call, body) =>
    vms.commitVm(call.world, vmOf(call), body),
  ),
  operation("AttachSecurityGroup", "PATCH", `${project}/vm/{id}/security-group/attach`, (call) =>
    groups.attachSecurityGroup(call.world, call.project, vmOf(call), call.param("securityGroupId")),
  ),
  operation("DetachSecurityGroup", "PATCH", `${project}/vm/{id}/security-group/detach`, (call) =>
    groups.detachSecurityGroup(vmOf(call), call.param("securityGroupId")),
  ),
];

const storageOperations: Operation[] = [
  operation("ListDisks", "GET", `${project}/disks`, ({ world, project, query, param }) =>
    numberedPage(
      query,
      "disks",
      inDataCenter(ofProject(world.state.disks, project), param("dataCenterId")).map(disks.diskView),
    ),
  ),
  operationWithBody("CreateStorageDisk", "POST", `${project}/disks`, messages.diskBody, ({ world, project }, body) =>
    disks.createDisk(world, project, body),
  ),
  operation("GetDisk", "GET", `${project}/disks/{id}`, ({ world, project, id }) => disks.getDisk(world, project, id)),
  operation("DeleteStorageDisk", "DELETE", `${project}/disks/{id}`, ({ world, project, id }) =>
    disks.deleteDisk(world, project, id),
  ),
  operation("AttachStorageDisk", "PATCH", `${project}/disk/{id}/attach`, ({ world, project, id, param }) =>
    disks.attachDisk(
      world,
      disks.findDisk(world, project, id),
      vms.findVm(world, project, required("vmId", param("vmId"))),
    ),
  ),
  operation("DetachStorageDisk", "PUT", `${project}/disk/{id}/detach`, ({ world, project, id }) =>
    disks.detachDisk(world, disks.findDisk(world, project, id)),
  ),
  operation("ListPrivateVMImages", "GET", `${project}/images`, ({ world, project, query }) =>
    numberedPage(query, "images", ofProject(world.state.images, project).map(images.imageView)),
  ),
  operation("CreatePrivateVMImage", "POST", `${project}/images`, ({ world, project, param }) =>
    images.createImage(
      world,
      vms.findVm(world, project, required("vmId", param("vmId"))),
      param("id"),
      param("description"),
    ),
  ),
  operation("GetPrivateVMImage", "GET", `${project}/images/{id}`, ({ world, project, id }) => ({
    image: images.imageView(images.findImage(world, project, id)),
  })),
  operation("UpdatePrivateVMImage", "POST", `${project}/images/{id}`, ({ world, project, id, param }) =>
    images.updateImage(images.findImage(world, project, id), param("description")),
  ),
  operation("DeletePrivateVMImage", "DELETE", `${project}/images/{id}`, ({ world, project, id }) =>
    images.deleteImage(world, images.findImage(world, project, id)),
  ),
];

const networkOperations: Operation[] = [
  operation("ListNetworks", "GET", `${project}/networks`, ({ world, project, query }) =>
    numberedPage(query, "networks", ofProject(world.state.networks, project).map(networks.networkView)),
  ),
  operationWithBody("CreateNetwork", "POST", `${project}/networks`, messages.networkBody, ({ world, project }, body) =>
    networks.createNetwork(world, project, body),
  ),
  operation("GetNetwork", "GET", `${project}/networks/{id}`, ({ world, project, id }) =>
    networks.getNetwork(world, project, id),
  ),
  operation("DeleteNetwork", "DELETE", `${project}/networks/{id}`, ({ world, project, id }) =>
    networks.deleteNetwork(world, project, id),
  ),
  operation("StartNetwork", "POST", `${project}/networks/{id}/start`, ({ world, project, id }) =>
    networks.startNetwork(world, project, id),
  ),
  operation("StopNetwork", "POST", `${project}/networks/{id}/stop`, ({ world, project, id }) =>
    networks.stopNetwork(world, project, id),
  ),
  operation("ListSecurityGroups", "GET", `${project}/security-groups`, ({ world, project, query, param }) => {
    const found = inDataCenter(ofProject(world.state.securityGroups, project), param("dataCenterId"));
    return numberedPage(query, "securityGroups", found.map(groups.securityGroupView));
  }),
  operationWithBody(
    "CreateSecurityGroup",
    "POST",
    `${project}/security-groups`,
    messages.securityGroupBody,
    ({ world, project }, body) => groups.createSecurityGroup(world, project, body),
  ),
  operation("GetSecurityGroup", "GET", `${project}/security-groups/{id}`, ({ world, project, id }) =>
    groups.getSecurityGroup(world, project, id),
  ),
  operationWithBody(
    "UpdateSecurityGroup",
    "PATCH",
    `${project}/security-groups/{id}`,
    messages.securityGroupUpdateBody,
    ({ world, project, id }, body) => groups.updateSecurityGroup(world, project, id, body),
  ),
  operation("DeleteSecurityGroup", "DELETE", `${project}/security-groups/{id}`, ({ world, project, id }) =>
    groups.deleteSecurityGroup(world, project, id),
  ),
];

export const operations: readonly Operation[] = [
  ...catalogueOperations,
  ...accountOperations,
  ...vmOperations,
  ...storageOperations,
  ...networkOperations,
];

function inDataCenter<T extends { dataCenterId: string }>(objects: T[], dataCenterId: string): T[] {
  return dataCenterId === "" ? objects : objects.filter((object) => object.dataCenterId === dataCenterId);
}
