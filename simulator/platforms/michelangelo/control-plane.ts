/** What makes a cluster a control plane of Michelangelo, as far as registrations are concerned. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { clusterDefinition } from "./definition";

export const managerDeployment = { namespace: "ma-system", name: "michelangelo-controllermgr" };

const labels = { app: managerDeployment.name };

export const michelangeloNamespace: KubernetesObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: managerDeployment.namespace },
};
export const michelangeloKind = clusterDefinition as KubernetesObject;

/** Its pods are there to be restarted; what they would do, `ControllerManager` plays. */
export const controllerManager: KubernetesObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: managerDeployment,
  spec: {
    selector: { matchLabels: labels },
    // Where no kubelet says that a new pod is ready, the old one goes all the same.
    strategy: { type: "Recreate" },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: "manager", image: "example.org/michelangelo/controllermgr:simulated" }],
        tolerations: [{ operator: "Exists" }],
      },
    },
  },
};
