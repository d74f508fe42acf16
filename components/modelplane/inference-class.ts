import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import * as pulumi from "../../sdk/pulumi";
import { ownersIn } from "../addons/one-of-a-kind";
import { acceleratorName } from "../gpu-labels";
import { Problems } from "../errors";
import { heldArgs } from "../schema-check";
import type { InferenceClassArgs, ProvisioningArgs } from "./args";
import { checkGpus, checkInferenceClass } from "./class-checks";
import { nvidiaDriver, publishedOf, type GpuArgs } from "./gpus";
import { ownInferenceClass } from "./names";
import { sources } from "./source";

export const apiVersion = "modelplane.ai/v1alpha1";

/**
 * A kind of node, for Modelplane's scheduler: which devices it has, as their driver publishes them, and how a cloud makes such nodes where
 * Modelplane is to make them.
 *
 * Cost: none.
 *
 * @example
 * const l4 = new InferenceClass("l4", {
 *   controlPlane,
 *   gpus: { model: "L4", count: 1 },
 *   provisioning: { eks: { instanceType: "g6.xlarge" } },
 * });
 */
export class InferenceClass extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:modelplane:InferenceClass";

  /** Name of the object, for `nodePools[].class`; known once it is there. */
  public readonly className: pulumi.Output<string>;
  /** Which clouds' clusters can have it: `eks`, …; none where the nodes exist. */
  readonly provisions: string | undefined;

  constructor(name: string, given: InferenceClassArgs, options?: pulumi.ComponentResourceOptions) {
    checkInferenceClass(name, given).raise("InferenceClass");
    const args = heldArgs(InferenceClass.__pulumiType, given);
    const { controlPlane, className = name, description, provisioning } = args;
    // Of the cluster its name: a component as an input would wait for all that the cluster makes.
    super(InferenceClass.__pulumiType, name, { ...args, controlPlane: controlPlane.clusterName }, options);
    ownersIn(controlPlane).note(`InferenceClass "${name}"`, [ownInferenceClass(className)]);
    const devices = args.devices?.map(deviceSpec) ?? pulumi.output(args.gpus!).apply((gpus) => [gpuDevice(gpus)]);
    const object = new CustomResource(
      `${name}-class`,
      {
        apiVersion,
        kind: "InferenceClass",
        metadata: { name: className },
        spec: {
          ...(description !== undefined && { description }),
          devices,
          ...(provisioning && { provisioning: provisioningSpec(provisioning, args.gpus) }),
        },
      },
      {
        parent: this,
        provider: controlPlane.kubeProvider,
        deleteBeforeReplace: true,
        // A component hands on to nobody what it is to wait for.
        ...(options?.dependsOn && { dependsOn: options.dependsOn }),
      },
    );
    this.provisions =
      provisioning && Object.keys(provisioning).find((key) => provisioning[key as keyof ProvisioningArgs]);
    this.className = object.metadata.apply((metadata) => metadata?.name ?? className);
    this.registerOutputs({ className: this.className });
  }
}

function deviceSpec({ capacity, ...device }: NonNullable<InferenceClassArgs["devices"]>[number]): object {
  const values = Object.entries(capacity ?? {}).map(([key, value]) => [key, { value }] as const);
  return { ...device, ...(capacity && { capacity: Object.fromEntries(values) }) };
}

/** As NVIDIA's driver publishes it. Throws `InvalidInput` where nobody here knows the model: at a preview it may not have been told yet. */
function gpuDevice(gpus: GpuArgs): object {
  const problems = new Problems();
  checkGpus("gpus", gpus, problems);
  problems.raise("InferenceClass");
  const { memoryMib, architecture, computeCapability } = publishedOf(gpus.model)!;
  return {
    name: "gpu",
    claim: "DRA",
    driver: nvidiaDriver,
    deviceClassName: nvidiaDriver,
    count: gpus.count,
    attributes: { architecture: { string: architecture }, cudaComputeCapability: { version: computeCapability } },
    capacity: { memory: { value: `${memoryMib}Mi` } },
  };
}

function provisioningSpec(provisioning: ProvisioningArgs, gpus: InferenceClassArgs["gpus"]): object {
  const [key, block] = Object.entries(provisioning).find(([, given]) => given !== undefined) as [
    keyof ProvisioningArgs,
    NonNullable<ProvisioningArgs["eks"]>,
  ];
  const accelerator =
    block.accelerator ??
    pulumi.output(gpus!).apply(({ model, count }) => ({ type: `nvidia-${acceleratorName(model)}`, count }));
  return { provider: sources[key], [key]: { ...block, accelerator } };
}
