import * as pulumi from "../../sdk/pulumi";
import { ImageChoice } from "../../sdk/aws/image-choice";
import { InvalidInput } from "../errors";
import { architectureOf } from "./instance-types";

export interface MachineImage {
  imageId: pulumi.Output<string>;
  /** The device that a launch template names to size the root disk. */
  rootDeviceName: pulumi.Output<string>;
  /** GiB of the root disk. */
  diskSizeGib: pulumi.Output<number>;
}

export interface ImageWish {
  /** Of the machines' owner among the user's arguments: `nodeGroups[2]`. */
  path: string;
  instanceType: pulumi.Input<string>;
  /** With NVIDIA's driver. */
  gpu: pulumi.Input<boolean>;
  /** The user's own. */
  given: pulumi.Input<string> | undefined;
  diskSizeGib: pulumi.Input<number>;
}

/** The image of a group or of the control plane, which its state keeps. Rejects with `InvalidInput` where the disk is too small for it. */
export function machineImage(name: string, wish: ImageWish, child: pulumi.CustomResourceOptions): MachineImage {
  const { path, instanceType, gpu, given } = wish;
  const choice = new ImageChoice(
    name,
    { imageId: given, architecture: pulumi.output(instanceType).apply(architectureOf), gpu },
    child,
  );
  const { imageId, rootDeviceName, rootDiskGib } = choice;
  const diskSizeGib = pulumi.all([wish.diskSizeGib, rootDiskGib, imageId]).apply(([wanted, least, image]) => {
    // Of an image that is left out with its group, nothing is known (`left-out.ts`).
    if (!(wanted < least)) return wanted;
    const reason = `${wanted} is less than the ${least} GiB that the image ${image} holds`;
    throw new InvalidInput("AwsCluster", [{ propertyPath: `${path}.diskSizeGib`, reason }]);
  });
  return { imageId, rootDeviceName, diskSizeGib };
}
