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
    { dependsOn: groups.map(({ resource }) => resource) },
  );
  await settled();
  return registered;
}

/** What a resource was given, with secrets unwrapped. */
export function plainInputs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainInputs);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value && "value" in value) return plainInputs(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainInputs(each)]));
}
