/** What tests and commands ask of a running simulator. */
import type { FaultList } from "./administration";
import { AwsSimulatorClient } from "./aws/client";
import type { AwsAddress } from "./aws/entry";
import type { CloudConditions } from "./clouds";
import type { SimulatorContents } from "./contents";
import type { Fault, FaultRecord } from "./faults";
import type { RequestRecord } from "./request-log";

export type { Fault, FaultList, FaultRecord, RequestRecord, SimulatorContents };

/** Thrown when the simulator refuses; the message is its own. */
export class SimulatorError extends Error {}

export class SimulatorClient {
  /** `url`: where the simulator listens, for example `http://127.0.0.1:4710`. */
  constructor(readonly url: string) {}

  health(): Promise<{ status: string; pid: number }> {
    return this.call("GET", "health");
  }

  /** What exists. Waits until machines whose VM is gone are gone too. */
  state(): Promise<SimulatorContents> {
    return this.call("GET", "state");
  }

  async requests(): Promise<RequestRecord[]> {
    return (await this.call<{ requests: RequestRecord[] }>("GET", "requests")).requests;
  }

  async clearRequests(): Promise<void> {
    await this.call("DELETE", "requests");
  }

  addFault(fault: Fault): Promise<FaultRecord> {
    return this.call("POST", "faults", fault);
  }

  /** Switches troubles of a cloud on; those named before stay. */
  async setConditions<N extends keyof CloudConditions>(cloud: N, conditions: CloudConditions[N]): Promise<void> {
    await this.call("POST", "faults", { [cloud]: conditions });
  }

  faults(): Promise<FaultList> {
    return this.call("GET", "faults");
  }

  /** Ends all faults and conditions. */
  async clearFaults(): Promise<void> {
    await this.call("DELETE", "faults");
  }

  /** Starts the simulated AWS unless it runs. */
  async aws(): Promise<AwsSimulatorClient> {
    return new AwsSimulatorClient((await this.call<AwsAddress>("POST", "aws")).endpoint);
  }

  /** Pulls the plug of a machine. `id`: as in the state. */
  async powerCut(id: string): Promise<void> {
    await this.call("POST", `machines/${id}/power-cut`);
  }

  /** A machine's console log. */
  async console(id: string): Promise<string> {
    return (await this.fetch("GET", `machines/${id}/console`)).text();
  }

  /** Removes all objects, faults and records. */
  async reset(): Promise<void> {
    await this.call("POST", "reset");
  }

  /** Begins the shutdown; the process ends when its machines have stopped. */
  async shutdown(): Promise<void> {
    await this.call("POST", "shutdown");
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    return (await (await this.fetch(method, path, body)).json()) as T;
  }

  private async fetch(method: string, path: string, body?: object): Promise<Response> {
    const init = {
      method,
      ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    };
    const response = await fetch(`${this.url}/_simulator/${path}`, init);
    if (response.ok) return response;
    const text = await response.text();
    const message = /^\{"message":/.test(text) ? (JSON.parse(text) as { message: string }).message : text;
    throw new SimulatorError(`${method} ${path}: ${message} (HTTP ${response.status})`);
  }
}
