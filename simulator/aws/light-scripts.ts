/**
 * For light machines, which run no script: what an EC2 instance's script does before it acts on its node document
 * (`bootstrap/scripts/ec2.sh`), what it does when EC2 takes it back, and what the control plane does for nodes that come (`ec2-control-plane.sh`) and, where the cluster has
 * AWS's cloud controller manager, for those that go.
 */
import { setTimeout as delay } from "node:timers/promises";
import { completeEc2Document, type Ec2NodeDocument } from "../../bootstrap/ec2";
import { nodeDocumentFromScript, renderBootstrapScript } from "../../bootstrap/script";
import type { ControlPlaneDocument, NodeDocument } from "../../bootstrap/document";
import { messageOf } from "../../sdk/message";
import type { CloudMachine } from "../../provider/kubernetes/node-approval";
import { approveMachines, mintJoinToken, noticeNode, removeNode } from "./cluster-access";
import type { StartScript } from "./instances";
import type { MachineParameters } from "./machine-parameters";
import type { InstanceEvent } from "./moto-process";

/** A machine asks again every ten seconds; nobody wants to wait so long for a light one. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** As the timer of the real control plane. */
const tokenEveryMs = 8 * 3_600_000;

export interface LightScriptsOptions {
  parameters: Pick<MachineParameters, "get" | "put">;
  /** What a machine would write into its log. */
  log: (instance: InstanceEvent, message: string) => void;
}

interface ControlPlane {
  readonly document: NodeDocument;
  readonly address: string;
  /** Aborts when its instance goes. */
  readonly signal: AbortSignal;
}

export function lightStartScript({ parameters, log }: LightScriptsOptions): StartScript {
  /** Control planes whose instances have not gone, by the authority of their cluster. */
  const controlPlanes = new Map<string, Set<ControlPlane>>();

  /** Machines of node groups that live, by the authority of their cluster and their name: what EC2 would say. */
  const workers = new Map<string, Map<string, CloudMachine>>();

  function enterWorker({ certificateAuthority, nodeName, providerId }: NodeDocument, gone: AbortSignal): void {
    const machines = workers.get(certificateAuthority) ?? new Map<string, CloudMachine>();
    workers.set(certificateAuthority, machines);
    const machine = { providerId, since: new Date().toISOString().replace(/\.\d+Z$/, "Z") };
    machines.set(nodeName, machine);
    const leave = () => {
      if (machines.get(nodeName) === machine) machines.delete(nodeName);
    };
    gone.addEventListener("abort", leave, { once: true });
  }

  function enter(controlPlane: ControlPlane): void {
    const { document, signal } = controlPlane;
    const several = controlPlanes.get(document.certificateAuthority) ?? new Set();
    controlPlanes.set(document.certificateAuthority, several.add(controlPlane));
    const leave = () => {
      several.delete(controlPlane);
      if (several.size === 0) controlPlanes.delete(document.certificateAuthority);
    };
    signal.addEventListener("abort", leave, { once: true });
  }

  /** The cloud controller manager's part: it acts as long as any control plane of the cluster is there. */
  async function remove(node: NodeDocument, instance: InstanceEvent): Promise<void> {
    const tell = (problem: string) => log(instance, `the node of an instance that has gone: ${problem}`);
    for (;;) {
      const [controlPlane] = controlPlanes.get(node.certificateAuthority) ?? [];
      if (!controlPlane) return;
      const { signal } = controlPlane;
      try {
        return await untilDone(() => removeNode(controlPlane, node, signal), signal, tell);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  function tellNodeOfNotice(node: NodeDocument, instance: InstanceEvent, notice: AbortSignal, gone: AbortSignal): void {
    const tell = (problem: string) => log(instance, `the notice of its end: ${problem}`);
    const work = async () => {
      const [controlPlane] = controlPlanes.get(node.certificateAuthority) ?? [];
      if (!controlPlane) throw new Error("there is no control plane");
      await noticeNode(controlPlane, node, String(notice.reason), gone);
    };
    const begin = () => void untilDone(work, gone, tell).catch(() => undefined);
    if (notice.aborted) begin();
    else notice.addEventListener("abort", begin, { once: true });
  }

  function removeWhenGone(node: NodeDocument, instance: InstanceEvent, gone: AbortSignal): void {
    const begin = () => void remove(node, instance).catch((error: unknown) => log(instance, String(error)));
    gone.addEventListener("abort", begin, { once: true });
  }

  return (userData, instance, { address, addressOf, signal, notice }) => {
    const document = nodeDocumentFromScript(userData);
    if (document === undefined || !isUnfinished(document)) return userData;
    const { secrets } = document;
    const again = <T>(what: string, work: () => Promise<T>) =>
      untilDone(work, signal, (problem) => log(instance, `${what}: ${problem}`));

    async function complete(unfinished: Ec2NodeDocument): Promise<NodeDocument> {
      const value = (name: string) => parameters.get(name, instance, signal);
      const { parameter, joinParameter } = unfinished.secrets;
      const completed = completeEc2Document(unfinished, factsOf(instance), {
        parameter: await value(parameter),
        ...(unfinished.member && joinParameter !== undefined && { joinParameter: await value(joinParameter) }),
      });
      if (!completed) throw new Error(`the control plane has not left a token in ${joinParameter ?? parameter} yet`);
      return completed;
    }

    async function publish(controlPlane: NodeDocument, parameter: string): Promise<void> {
      for (;;) {
        await again("the token for nodes", async () => {
          const bootstrapToken = await mintJoinToken(controlPlane, address, signal);
          await parameters.put(parameter, JSON.stringify({ bootstrapToken }), instance, signal);
        });
        await delay(tokenEveryMs, undefined, { signal, ref: false });
      }
    }

    return again("the node document", () => complete(document)).then((completed) => {
      if (completed.role === "control-plane") enter({ document: completed, address, signal });
      else {
        enterWorker(completed, signal);
        tellNodeOfNotice(completed, instance, notice, signal);
      }
      if (completed.cloudProvider === "external") removeWhenGone(completed, instance, signal);
      if (secrets.joinParameter !== undefined) {
        const trouble = (error: unknown) => {
          if (!signal.aborted) log(instance, String(error));
        };
        publish(completed, secrets.joinParameter).catch(trouble);
        const machineOf = (node: string) => workers.get(completed.certificateAuthority)?.get(node);
        const note = (message: string) => log(instance, message);
        approveMachines({ document: completed, address, signal }, { machineOf, note }).catch(trouble);
      }
      const { controlPlane } = completed;
      const reachable = {
        ...completed,
        ...(controlPlane && { controlPlane: namedByAddress(controlPlane, instance) }),
        labels: { ...placeLabels(instance), ...completed.labels },
        ...(completed.endpoint && { endpoint: onLoopback(completed.endpoint, addressOf) }),
      };
      return renderBootstrapScript(reachable, { delivery: "cudo-start-script" });
    });
  };
}

function isUnfinished(document: object): document is Ec2NodeDocument {
  return "secrets" in document;
}

/** What the metadata service tells. */
function factsOf({ privateDns, zone, instanceId }: InstanceEvent) {
  return { nodeName: privateDns, providerId: `aws:///${zone}/${instanceId}` };
}

/** What AWS's cloud controller manager, or an administrator, tells of a machine's place. */
function placeLabels({ region, zone, instanceType }: InstanceEvent): Record<string, string> {
  return {
    "node.kubernetes.io/instance-type": instanceType,
    "topology.kubernetes.io/region": region,
    "topology.kubernetes.io/zone": zone,
  };
}

/** kubeadm names a machine's own address in the API server's certificate: that of the VPC, which is not the one of the process. */
function namedByAddress(controlPlane: ControlPlaneDocument, { privateIp }: InstanceEvent): ControlPlaneDocument {
  return { ...controlPlane, certificateNames: [...controlPlane.certificateNames, ...(privateIp ? [privateIp] : [])] };
}

/** Private addresses exist in the VPC only: those of instances become the addresses of their machines. */
function onLoopback(endpoint: string, addressOf: (privateIp: string) => string | undefined): string {
  const url = new URL(endpoint);
  return `https://${addressOf(url.hostname) ?? url.hostname}:${url.port}`;
}

async function untilDone<T>(work: () => Promise<T>, signal: AbortSignal, tell: (problem: string) => void): Promise<T> {
  let told: string | undefined;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const problem = messageOf(error);
      if (problem !== told) tell((told = problem));
    }
    await delay(pause, undefined, { signal });
  }
}
