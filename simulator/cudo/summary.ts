/** What exists, for tests and people: the API's own views, plus what only the simulator knows. No start scripts, no keys, not the project that always exists. */
import { diskView } from "./disks";
import { imageView } from "./images";
import { firstProjectId, type World } from "./model";
import { networkView } from "./networks";
import { securityGroupView } from "./security-groups";
import { vmView } from "./vm-view";

export function summarise(world: World) {
  const { state } = world;
  return {
    projects: Object.keys(state.projects).filter((id) => id !== firstProjectId),
    vms: Object.values(state.vms).map((vm) => ({
      ...vmView(world, vm),
      authorizedSshKeys: "",
      machineAddress: vm.machineAddress,
    })),
    disks: Object.values(state.disks).map(diskView),
    networks: Object.values(state.networks).map(networkView),
    securityGroups: Object.values(state.securityGroups).map(securityGroupView),
    images: Object.values(state.images).map(imageView),
    sshKeys: Object.keys(state.sshKeys),
  };
}

export type CudoSummary = ReturnType<typeof summarise>;
