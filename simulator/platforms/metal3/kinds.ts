/** What the parts of the played Cluster API know of each other's objects. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";

export const core = "cluster.x-k8s.io/v1beta2";
export const infrastructure = "infrastructure.cluster.x-k8s.io/v1beta2";
export const bootstrap = "bootstrap.cluster.x-k8s.io/v1beta2";

interface Reference {
  name: string;
}

export interface Cluster extends KubernetesObject {
  spec: { infrastructureRef: Reference };
}

export interface ControlPlane extends KubernetesObject {
  spec: { replicas: number; version: string; machineTemplate: { spec: { infrastructureRef: Reference } } };
}

export interface Deployment extends KubernetesObject {
  spec: {
    clusterName: string;
    replicas: number;
    template: { spec: { version: string; infrastructureRef: Reference; bootstrap: { configRef: Reference } } };
  };
}

export interface Machine extends KubernetesObject {
  spec: { version?: string; infrastructureRef: Reference; bootstrap: { configRef?: Reference } };
  status?: { phase?: string };
}

/** Of a status. @param message why it does not hold */
export function infrastructureReady(otherwise: string, message?: string): object {
  const [status, reason] = message === undefined ? ["True", "Provisioned"] : ["False", otherwise];
  const lastTransitionTime = new Date().toISOString();
  return { type: "InfrastructureReady", status, reason, message: message ?? "", lastTransitionTime };
}

/** What machines are made of. */
export interface MachineSource {
  name: string;
  quantity: number;
  version: string;
  isControlPlane: boolean;
  /** Name of its Metal3MachineTemplate. */
  machines: string;
  /** Name of its KubeadmConfigTemplate. */
  joining?: string;
}
