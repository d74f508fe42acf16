/** Private images, made from a VM's boot disk (reference: Cudo API, /v1/projects/{p}/images). */
import { checkId } from "./checks";
import { alreadyExists, failedPrecondition, notFound } from "./errors";
import { keyOf, ofProject, type StoredImage, type StoredVm, type World } from "./model";

/** From a stopped VM; the VM is CLONING meanwhile. */
export function createImage(world: World, vm: StoredVm, imageId: string, description: string) {
  const id = checkId("id", imageId, 63);
  if (world.state.images[keyOf(vm.projectId, id)]) throw alreadyExists("An image");
  if (vm.state !== "STOPPED") throw failedPrecondition(`Virtual machine "${vm.id}" is ${vm.state}, not STOPPED`);
  const done = world.now + world.delays.disk;
  const image: StoredImage = {
    projectId: vm.projectId,
    id,
    dataCenterId: vm.dataCenterId,
    createTime: world.now,
    state: "CREATING",
    steps: [{ at: done, state: "READY" }],
    description,
    sizeGib: vm.bootDiskSizeGib,
  };
  world.state.images[keyOf(vm.projectId, id)] = image;
  vm.state = "CLONING";
  vm.steps = [{ at: done, state: "STOPPED" }];
  return { image: imageView(image) };
}

export function updateImage(image: StoredImage, description: string) {
  image.description = description;
  return {};
}

/** Refused (code 9) while a VM uses it. */
export function deleteImage(world: World, image: StoredImage) {
  const user = ofProject(world.state.vms, image.projectId).find((vm) => vm.imageIsPrivate && vm.imageId === image.id);
  if (user) throw failedPrecondition(`Image is used by virtual machine "${user.id}"`);
  if (image.state === "CREATING") throw failedPrecondition("Image cannot be deleted while it is being created");
  if (image.state === "DELETING") return {};
  image.state = "DELETING";
  image.steps = [{ at: world.now + world.delays.disk, state: "GONE" }];
  return {};
}

export function findImage(world: World, projectId: string, id: string): StoredImage {
  const image = world.state.images[keyOf(projectId, id)];
  if (!image) throw notFound("image", id);
  return image;
}

export function imageView(image: StoredImage) {
  const { id, projectId, dataCenterId, description, sizeGib, state } = image;
  return { id, projectId, dataCenterId, description, platform: "linux", sizeGib, state };
}
