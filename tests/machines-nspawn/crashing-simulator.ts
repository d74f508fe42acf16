/** A simulator that boots a machine in the directory given, says so, and waits to be killed. */
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../simulator/machines/nspawn/nspawn-machines";
import { bootSpec } from "./cluster";

async function main([directory, address]: string[]): Promise<void> {
  const kind = nspawnMachines({ dir: directory!, image: await ensureMachineImage() });
  await kind.machine(bootSpec("crash", address!, "#!/bin/bash\necho the start script runs\n")).start();
  console.log("started");
  setInterval(() => undefined, 60_000);
}

void main(process.argv.slice(2));
