import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ImageChoiceArgs {
  /** An image by its id, in the place of the newest. */
  imageId?: pulumi.Input<string>;
  /**
   * Release of Ubuntu.
   * @default "24.04"
   */
  ubuntu?: pulumi.Input<"22.04" | "24.04">;
  /**
   * Of the machines; an image that is named must have it too.
   * @default "x86_64"
   */
  architecture?: pulumi.Input<"x86_64" | "arm64">;
  /**
   * With NVIDIA's driver: AWS's Deep Learning Base image.
   * @default false
   */
  gpu?: pulumi.Input<boolean>;
}

/**
 * An image for machines, looked up once: the state keeps it until what is asked for changes, also when newer ones come out, and when AWS
 * deprecates or deregisters it. Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class ImageChoice extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ImageChoice";

  /** For example `ami-0123456789abcdef0`. */
  public readonly imageId!: pulumi.Output<string>;
  public readonly imageName!: pulumi.Output<string>;
  /** The device that a launch template names to size the root disk, for example `/dev/sda1`. */
  public readonly rootDeviceName!: pulumi.Output<string>;
  /**
   * GiB that the root disk has at least; 0: not known.
   * @integer
   */
  public readonly rootDiskGib!: pulumi.Output<number>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: ImageChoiceArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["imageId", "imageName", "rootDeviceName", "rootDiskGib", "region"];
    super(ImageChoice.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
