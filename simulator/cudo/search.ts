/** Search over names (reference: Cudo API, GET /v1/resources/search). A VM's result carries no metadata. */
import { diskView } from "./disks";
import type { World } from "./model";
import { networkView } from "./networks";

export function searchResources(world: World, query: string) {
  const wanted = query.toLowerCase();
  const matches = (object: { id: string; dataCenterId: string }) =>
    object.id.includes(wanted) || object.dataCenterId.includes(wanted);
  const result = (resourceType: string, object: { projectId: string; id: string }) => ({
    resourceType,
    resourceName: `projects/${object.projectId}/${object.id}`,
    score: object.id === wanted ? 1 : 0.5,
  });
  const vms = Object.values(world.state.vms).filter(matches);
  const disks = Object.values(world.state.disks).filter(matches);
  const networks = Object.values(world.state.networks).filter(matches);
  return {
    results: [
      ...vms.map((vm) => ({
        ...result("virtual_machine", vm),
        virtualMachine: {
          id: vm.id,
          projectId: vm.projectId,
          dataCenterId: vm.dataCenterId,
          state: vm.state,
          vcpus: vm.vcpus,
          memoryGib: vm.memoryGib,
          gpus: vm.gpus,
          bootDiskSizeGib: vm.bootDiskSizeGib,
          createTime: new Date(vm.createTime).toISOString(),
        },
      })),
      ...disks.map((disk) => ({ ...result("disk", disk), disk: diskView(disk) })),
      ...networks.map((network) => ({ ...result("network", network), network: networkView(network) })),
    ],
  };
}
