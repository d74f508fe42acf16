/** What is said of the machines that a platform claims for a cluster while its nodes are waited for, and later. A platform that is away ends nothing. */
import type { MachineStatus } from "../../../sdk/kubernetes/machine-claims";
import { messageOf } from "../../../sdk/message";
import type { ResourceContext } from "../../server/resource";
import { kubernetesApi } from "../client";
import { readRollout, unfinished } from "../cluster-api-rollout";
import { claimsInError, machineStatuses, placesOf, readMachines, type MachineClaims } from "../machine-claims";
import { Attention } from "./wait";

/** Undefined where nobody claims any; `before` where the platform cannot be asked. */
export async function machinesNow(
  claims: MachineClaims | undefined,
  before: MachineStatus[] | undefined,
  { signal, log }: Pick<ResourceContext, "signal" | "log">,
): Promise<MachineStatus[] | undefined> {
  if (claims === undefined) return undefined;
  try {
    const machines = await readMachines(claims, signal);
    const failed = claimsInError(machines);
    if (failed !== undefined) log.warn(`machines are in error, and nobody replaces them:${failed}`);
    return machineStatuses(machines);
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`the machines cannot be read, so that they are taken to be as they were: ${messageOf(error)}`);
    return before ?? [];
  }
}

/** What keeps the cluster's machines from being what Cluster API is told, as reasons to wait. Of a platform's there are none: those it never exchanges. */
export async function oldMachines(claims: MachineClaims | undefined, signal: AbortSignal): Promise<string[]> {
  if (claims === undefined || claims.project !== undefined) return [];
  return unfinished(await readRollout(claims, kubernetesApi(claims.kubeconfig, { timeoutMs: 10_000 }), signal));
}

/** Looked at while the cluster's nodes are waited for. */
export class MachineWatch {
  readonly #attention: Attention | undefined;

  constructor(
    private readonly claims: MachineClaims | undefined,
    private readonly signal: AbortSignal,
  ) {
    const endpoint = claims && placesOf(claims);
    this.#attention =
      endpoint === undefined ? undefined : new Attention({ subject: "the cluster's machines", endpoint });
  }

  /** Why nodes will not come, as a sentence; undefined while they may. */
  async lost(): Promise<string | undefined> {
    if (this.claims === undefined) return undefined;
    try {
      const failed = claimsInError(await readMachines(this.claims, this.signal));
      this.#attention?.answered();
      return failed && `${irreplaceable}:${failed}`;
    } catch (error) {
      this.signal.throwIfAborted();
      this.#attention?.failed(error);
      const lost = this.#attention?.lost;
      return lost && `${lost.message}. \`pulumi up\` goes on once it answers`;
    }
  }
}

const irreplaceable =
  "A machine in error is not replaced: mend its host until that is `available` again, and delete the machine, so that another is claimed";

/** A line for each, for the error when nodes did not come. */
export async function describeMachines(claims: MachineClaims | undefined, signal: AbortSignal): Promise<string> {
  if (claims === undefined) return "";
  try {
    const statuses = machineStatuses(await readMachines(claims, signal));
    if (statuses.length === 0)
      return "\n  its platform has claimed no machine for it: does that run, and reach the cluster?";
    return statuses.map(describe).join("");
  } catch (error) {
    return `\n  its machines cannot be read: ${messageOf(error)}`;
  }
}

function describe({ name, phase, host, hostState, problems }: MachineStatus): string {
  const server = host === undefined ? "" : `, host ${host} ${hostState}`;
  return `\n  machine ${name} is ${phase}${server}${problems.map((problem) => `; ${problem}`).join("")}`;
}
