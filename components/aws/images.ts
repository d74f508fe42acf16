import * as pulumi from "../../sdk/pulumi";
import type { AwsConnection } from "../../sdk/aws/config";
import { getImage, type GetImageResult } from "../../sdk/aws/functions";
import { architectureOf } from "./instance-types";

export interface MachineImage {
  imageId: pulumi.Input<string>;
  /** The device that a launch template names to size the root disk. */
  rootDeviceName: pulumi.Input<string>;
}

export interface ImageWish {
  instanceType: pulumi.Input<string>;
  /** With NVIDIA's driver. */
  gpu: pulumi.Input<boolean>;
  /** The user's own. */
  given?: pulumi.Input<string> | undefined;
}

export type ImageFinder = (wish: ImageWish) => MachineImage;

/** Looks each kind of image up once. */
export function imageFinder(connection: AwsConnection | undefined, parent: pulumi.Resource): ImageFinder {
  const found = new Map<string, Promise<GetImageResult>>();
  return ({ instanceType, gpu, given }) => {
    // Ubuntu's images, and those made from them, all have it.
    if (given !== undefined) return { imageId: given, rootDeviceName: "/dev/sda1" };
    const image = pulumi.all([instanceType, gpu]).apply(([type, withGpu]) => {
      const architecture = architectureOf(type);
      const kind = `${architecture} ${withGpu}`;
      const asked = found.get(kind) ?? getImage({ architecture, gpu: withGpu, connection }, { parent });
      found.set(kind, asked);
      return asked;
    });
    return { imageId: image.imageId, rootDeviceName: image.rootDeviceName };
  };
}
