/** Simulators over real HTTP, each in a state directory of its own; all closed and removed after the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatorClient } from "../../simulator/client";
import { startSimulator, type Simulator, type SimulatorOptions } from "../../simulator/server";
import { project } from "./cudo/clock";

const directories: string[] = [];
const simulators: Simulator[] = [];

afterEach(async () => {
  for (const simulator of simulators.splice(0)) await simulator.close();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

export async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "simulator-test-"));
  directories.push(directory);
  return directory;
}

export class Running {
  readonly client: SimulatorClient;

  constructor(readonly simulator: Simulator) {
    this.client = new SimulatorClient(simulator.url);
  }

  /** A call within the project, as a client of the cloud would make it. */
  async call(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.simulator.cudo.baseUrl}${path.startsWith("/v1/") ? "" : project}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.simulator.cudo.apiKey}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  async status(method: string, path: string, body?: object): Promise<number> {
    return (await this.call(method, path, body)).status;
  }

  async vmIds(): Promise<string[]> {
    return (await this.client.state()).cudo.vms.map((vm) => vm.id);
  }
}

/** Without machines and delays, unless told otherwise. */
export async function running(options: Partial<SimulatorOptions> = {}): Promise<Running> {
  const stateDir = options.stateDir ?? (await stateDirectory());
  const simulator = await startSimulator({ machines: undefined, timing: { scale: 0 }, ...options, stateDir });
  simulators.push(simulator);
  return new Running(simulator);
}
