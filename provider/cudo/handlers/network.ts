import type { CheckFailure, ResourceHandler } from "../../server/resource";
import type * as pulumi from "../../../sdk/pulumi";
import type { CudoApi } from "../api";
import { cudoId } from "../../../sdk/cudo/ids";
import { networkRangeProblem } from "../ip-range";
import type { NetworkArgs } from "../../../sdk/cudo/network";
import type { Network } from "../types";
import { isLeaving } from "../vm-state";
import { connect } from "../connection";
import { known } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { checkId, twentyMinutes } from "./inputs";
import { bringDown, bringUp, type Lifecycle } from "./lifecycle";

export type NetworkInputs = pulumi.Unwrap<NetworkArgs>;

export interface NetworkOutputs {
  networkId: string;
  gateway: string;
  internalIpAddress: string;
  externalIpAddress: string;
}

export const networkHandler: ResourceHandler<NetworkInputs, NetworkOutputs> = {
  check(inputs) {
    const failures: CheckFailure[] = checkId("networkId", inputs.networkId);
    const ipRange = known(inputs.ipRange);
    const reason = ipRange === undefined ? undefined : networkRangeProblem(ipRange);
    return reason === undefined ? failures : [...failures, { property: "ipRange", reason }];
  },

  plan(state, inputs) {
    const id = state.inputs.networkId ?? state.outputs.networkId;
    const sameId = inputs.networkId === undefined || inputs.networkId === id;
    return { ignores: sameId ? ["networkId"] : [], deleteBeforeReplace: sameId };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const id = inputs.networkId ?? cudoId(context.name);
    const limit = { what: `creating network "${id}"`, ms: twentyMinutes };
    const network = await limited(context, limit, (signal) =>
      bringUp(lifecycle(api, id, inputs), { signal, log: context.log }),
    );
    return { id, outputs: outputs(network) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const network = await api.networks.find(id, context.signal);
    if (!network || isGone(network)) return undefined;
    const inputs = {
      ...(state?.inputs ?? { networkId: id }),
      dataCenterId: network.dataCenterId,
      ipRange: network.ipRange,
    };
    return { inputs, outputs: outputs(network) };
  },

  /** Nothing of a network can change: this goes on with a create that was interrupted. */
  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    const limit = { what: `creating network "${id}"`, ms: twentyMinutes };
    const goOn = { ...lifecycle(api, id, inputs), made: () => true };
    return outputs(await limited(context, limit, (signal) => bringUp(goOn, { signal, log: context.log })));
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const limit = { what: `deleting network "${id}"`, ms: twentyMinutes };
    await limited(context, limit, (signal) => bringDown(lifecycle(api, id, inputs), { signal, log: context.log }));
  },
};

function lifecycle(api: CudoApi, id: string, { dataCenterId, ipRange }: NetworkInputs): Lifecycle<Network> {
  return {
    kind: "network",
    id,
    importHint: `pulumi import gpu-clusters:cudo:Network <name> ${id}`,
    find: async (signal) => {
      const network = await api.networks.find(id, signal);
      return network?.state === "DELETED" ? undefined : network;
    },
    send: (signal) => api.networks.create({ id, dataCenterId, ipRange }, signal),
    differences: (found) => [
      ...(found.dataCenterId === dataCenterId ? [] : [`data center ${found.dataCenterId}`]),
      ...(found.ipRange === ipRange ? [] : [`range ${found.ipRange}`]),
    ],
    leaving: isGone,
    ready: ({ state }) => state === "ACTIVE",
    failed: ({ state }) => (state === "FAILED" ? "Cudo reports the state FAILED and gives no reason" : undefined),
    halted: ({ state }) =>
      state === "STOPPED" ? `network "${id}" is STOPPED: start it in Cudo's console, or delete it` : undefined,
    progress: ({ state }) => state,
    remove: (signal) => api.networks.delete(id, signal),
    stuck: async (_, signal) => {
      const vms = (await api.vms.list(signal)).filter((vm) => vm.nics.some((nic) => nic.networkId === id));
      return vms.length === 0 || vms.every(isLeaving)
        ? undefined
        : `VMs are in it: ${vms.map((vm) => vm.id).join(", ")}`;
    },
    outputs: (found) => (found ? outputs(found) : { networkId: id }),
  };
}

function isGone({ state }: Network): boolean {
  return state === "DELETED" || state === "DELETING";
}

function outputs(network: Network): NetworkOutputs {
  const { id, gateway, internalIpAddress, externalIpAddress } = network;
  return { networkId: id, gateway, internalIpAddress, externalIpAddress };
}
