/** Machines that really boot: systemd in systemd-nspawn, a Debian with containerd and kubeadm, the start script run as it is. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Machine, MachineKind, MachineNetwork, MachineSpec } from "../machine";
import { gatewayAddress } from "./address";
import { MachineDisk } from "./disk";
import { machinesBeside } from "./cgroups";
import { machineLimit } from "./host";
import { ensureMachineImage, type MachineImage } from "./image/image";
import { Network } from "./network";
import { NspawnMachine } from "./nspawn-machine";
import { PodRoutes } from "./pod-routes";
import { PublicAddresses } from "./public-addresses";
import { Shares } from "./shares";
import { endMachines } from "./sweep";

export interface NspawnMachinesOptions {
  /** Holds one directory per machine: its disk and its console. Not on an overlay file system. */
  readonly dir: string;
  /** Default: made when the first machine boots. */
  readonly image?: MachineImage;
  readonly log?: (message: string) => void;
}

/** Ask `nspawnProblem` first whether this host can. */
export function nspawnMachines({ dir, image, log = () => undefined }: NspawnMachinesOptions): MachineKind {
  const machines = new Map<string, NspawnMachine>();
  const network = new Network(dir);
  const routes = new PodRoutes();
  const publicAddresses = new PublicAddresses(network);
  // Beside the machines: they outlive them.
  const shares = new Shares(`${dir}-shares`);
  let made: Promise<MachineImage> | undefined = image && Promise.resolve(image);
  mkdirSync(dir, { recursive: true, mode: 0o700 });

  const limit = machineLimit();
  const bound = `this computer's kernel carries ${limit} machines of all simulators (fs.inotify.max_user_instances, 20 for each)`;

  function requireRoom(machine: NspawnMachine): void {
    const others = [...machines.values()].filter((other) => other !== machine && other.isOn);
    const same = others.find((other) => other.wireAddress === machine.wireAddress);
    if (same)
      throw new Error(
        `machine ${same.spec.id} has the address ${same.wireAddress}, and all networks are on one wire here`,
      );
    if (machinesBeside(new Set([machine.machineName])) >= limit) throw new Error(`so many machines are on: ${bound}`);
  }

  const serve: MachineNetwork["serve"] = (address, port, answer) =>
    network.listen(address, port, (socket, from) => {
      const machine = [...machines.values()].find((one) => one.wireAddress === from);
      if (machine) answer(socket, machine.spec.id);
      else socket.destroy();
    });
  const machineNetwork: MachineNetwork = {
    serve,
    standFor: (port, answer) => serve(gatewayAddress, port, answer),
    translate: (wanted, ports) => publicAddresses.apply(wanted, ports),
  };

  return {
    name: "nspawn",
    network: machineNetwork,
    machine(spec: MachineSpec): Machine {
      const known = machines.get(spec.id);
      if (known !== undefined) return known;
      const machine = new NspawnMachine(spec, new MachineDisk(join(dir, spec.id.replaceAll("/", "~"))), {
        image: () => (made ??= ensureMachineImage({ report: (subject, text) => log(`${subject}: ${text}`) })),
        network,
        routes,
        shares,
        requireRoom,
        erased: () => machines.delete(spec.id),
      });
      machines.set(spec.id, machine);
      return machine;
    },
    async sweep(): Promise<void> {
      for (const name of await endMachines(dir))
        log(`cut off machine ${name}, which an earlier simulator left running`);
    },
    keepShares: (ids) => shares.keep(ids),
    capacity() {
      const own = new Set([...machines.values()].map(({ machineName }) => machineName));
      return { most: Math.max(0, limit - machinesBeside(own)), bound };
    },
    async close(): Promise<void> {
      const last = [...machines.values()].filter(({ isControlPlane }) => isControlPlane);
      const first = [...machines.values()].filter((machine) => !last.includes(machine));
      await Promise.all(first.map((machine) => machine.stop()));
      await Promise.all(last.map((machine) => machine.stop()));
      await network.close();
    },
  };
}
