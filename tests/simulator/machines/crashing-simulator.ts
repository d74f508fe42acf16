/** A simulator that starts a control plane in the directory given, says so, and waits to be killed. */
import { join } from "node:path";
import { lightMachines } from "../../../simulator/machines/light/light-machines";
import { scriptOf, testDocuments } from "./documents";
import { lightTools } from "./test-cluster";

async function main([directory, address]: string[]): Promise<void> {
  const kind = lightMachines({ dir: join(directory!), tools: await lightTools() });
  const startScript = scriptOf((await testDocuments(address!)).controlPlane);
  const spec = { id: "crash/control", name: "control", address: address!, vcpus: 4, memoryGib: 16, gpus: undefined };
  await kind.machine({ ...spec, startScript }).start();
  console.log("started");
  setInterval(() => undefined, 60_000);
}

void main(process.argv.slice(2));
