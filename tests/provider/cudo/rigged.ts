import { provider } from "../../../plugin/provider";
import { rig, type Rig } from "../server/harness/interruption";
import { fakeApiServer, type FakeApiServer } from "./fake-api-server";
import { readyNetwork, simulatedCloud, type SimulatedCloud } from "./simulated-cloud";

/** A simulated Cudo with a network, a plugin whose requests to it pass a gate, and a cluster that machines join. */
export interface RiggedCloud {
  cloud: SimulatedCloud;
  cluster: FakeApiServer;
  rigged: Rig;
  close(): Promise<void>;
}

export async function riggedCloud(): Promise<RiggedCloud> {
  const [cloud, cluster] = await Promise.all([simulatedCloud(), fakeApiServer()]);
  const rigged = await rig(provider, cloud.config.baseUrl, (baseUrl) => ({ cudo: { ...cloud.config, baseUrl } }));
  await readyNetwork(cloud);
  const close = async () => {
    await rigged.close();
    await cluster.close();
    await cloud.close();
  };
  return { cloud, cluster, rigged, close };
}
