/** The add-on with three groups, under Pulumi's mocks. */
import * as pulumi from "@pulumi/pulumi";
import { autoscalerResources, type AutoscalerOptions } from "../../components/addons/autoscaler/resources";
import { mockProgram, settled, type Registered } from "./mocks";

class Group extends pulumi.CustomResource {
  constructor(name: string) {
    super("gpu-clusters:cudo:NodeGroup", name, {});
  }
}

export const secretKey = "fkey-very-secret";
export const groupNames = ["cheap", "sure", "also-sure"];

export type AddOnChanges = Partial<AutoscalerOptions> & { maxSize?: number };

export async function registerAutoscaler(changes: AddOnChanges = {}): Promise<Registered> {
  const { maxSize = 5, ...rest } = changes;
  const registered = await mockProgram({});
  const groups = groupNames.map((name, index) => ({
    name,
    priority: index === 0 ? 20 : 10,
    cloud: "cudo" as const,
    minSize: 0,
    maxSize,
    spec: { clusterName: "train", name, kubeconfig: pulumi.secret("administrator"), startScript: "#!/bin/sh" },
    owner: `urn:${name}`,
  }));
  autoscalerResources(
    "train",
    {
      clusterName: "train",
      kubernetesVersion: "1.35.4",
      providers: pulumi.secret({ cudo: { apiKey: secretKey } }),
      groups,
      serverImage: "example.test/autoscaler:1",
      ...rest,
    },
    { kubeconfig: pulumi.output("kind: Config"), own: {} },
    { dependsOn: groupNames.map((name) => new Group(name)) },
  );
  await settled();
  return registered;
}

/** Whoever may can become any node that is not there yet. */
export function mayMakeSecrets(registered: Registered): boolean {
  const roles = registered.all("kubernetes:rbac.authorization.k8s.io/v1:Role");
  const { inputs } = roles.find(({ name }) => name.endsWith("-autoscaler-namespace-role"))!;
  const { rules } = inputs as { rules: { resources: string[] }[] };
  return rules.some(({ resources }) => resources.includes("secrets"));
}
