/** A hosted cluster of simulated Mithril, for tests that reach it. */
import { Client } from "ssh2";
import type { MithrilApi } from "../../../provider/mithril/api";
import { SpotGroupDriver } from "../../../provider/mithril/node-group-driver";
import { noTemplate, signal } from "./cloud";

export const region = "us-central5-a";
/** Where `gpu`'s instances are sold. */
export const market = `h100-80gb.sxm.8x/${region}`;

const clusterName = "train";

/** Orders it with a user's key. Returns the ids of both. */
export async function orderCluster(api: MithrilApi, publicKey: string): Promise<{ clusterId: string; key: string }> {
  const { fid: key } = await api.sshKeys.create({ name: "me", publicKey, required: false }, signal());
  const instanceType = "it_simCpu4x000000";
  const order = { name: clusterName, region, sshKeys: [key], instanceType, kubernetesVersion: "1.34" };
  return { clusterId: (await api.clusters.create(order, signal())).fid, key };
}

/** Spot instances with eight GPUs, a bid for each. */
export function spotGroup(api: MithrilApi, clusterId: string): SpotGroupDriver {
  const launchSpecification = { volumes: [], sshKeys: [], cluster: clusterId };
  const order = () => Promise.resolve({ instanceType: "it_5ECSoHQjLBzrp5YM", launchSpecification });
  const group = { api, clusterId, clusterName, group: "gpu", region, limitPrice: "$20.00", bidSize: 1, paused: false };
  return new SpotGroupDriver({ ...group, order, template: noTemplate });
}

export interface Login {
  kubeconfig: string;
  hostKey: string;
}

/** What the control plane shows the holder of the key. */
export function logIn(host: string, port: number, privateKey: string): Promise<Login> {
  const client = new Client();
  let hostKey = "";
  return new Promise<Login>((resolve, reject) => {
    client.on("error", reject).on("ready", () =>
      client.exec("cat ~/.kube/config", (error, channel) => {
        if (error) return reject(error);
        let text = "";
        channel
          .on("data", (chunk: Buffer) => (text += chunk.toString()))
          .on("close", () => resolve({ kubeconfig: text, hostKey }));
        return undefined;
      }),
    );
    const hostVerifier = (shown: Buffer) => {
      hostKey = shown.toString("base64");
      return true;
    };
    client.connect({ host, port, username: "ubuntu", privateKey, hostVerifier });
  }).finally(() => client.end());
}
