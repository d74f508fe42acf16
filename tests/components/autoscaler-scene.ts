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

export type AddOnChanges = Partial<AutoscalerOptions> & { cloud?: "aws" | "cudo"; maxSize?: number };

export async function registerAutoscaler(changes: AddOnChanges = {}): Promise<Registered> {
  const { cloud = "cudo", maxSize = 5, ...rest } = changes;
  const registered = await mockProgram({});
  const groups = groupNames.map((name, index) => ({
    name,
    priority: index === 0 ? 20 : 10,
    cloud,
    minSize: 0,
    maxSize,
    spec: { clusterName: "train", name, kubeconfig: pulumi.secret("administrator"), startScript: "#!/bin/sh" },
    resource: new Group(name),
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
    { dependsOn: groups.map(({ resource }) => resource) },
  );
  await settled();
  return registered;
}
