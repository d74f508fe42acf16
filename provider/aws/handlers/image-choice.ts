import type * as pulumi from "../../../sdk/pulumi";
import type { ImageChoiceArgs } from "../../../sdk/aws/image-choice";
import { InvalidArguments } from "../../server/resource";
import type { AwsClients } from "../clients";
import { findImage, readImage, rootDiskGib } from "../images";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<ImageChoiceArgs>;
interface Outputs {
  imageId: string;
  imageName: string;
  rootDeviceName: string;
  rootDiskGib: number;
}

export const imageChoiceHandler = keptAnswer<Inputs, Outputs>({
  async ask(clients: AwsClients, { imageId, ubuntu = "24.04", architecture = "x86_64", gpu = false }, { signal }) {
    const wish = { ubuntu, architecture, gpu };
    const image = await (imageId === undefined
      ? findImage(clients.ec2, wish, signal)
      : readImage(clients.ec2, imageId, signal));
    const refuse = (property: string, reason: string) => new InvalidArguments([{ property, reason }]);
    if (!image) {
      const region = await clients.region();
      throw imageId === undefined
        ? refuse("imageId", `AWS offers no image of ${inWords(wish)} in ${region}: name one`)
        : refuse("imageId", `there is no image "${imageId}" in ${region} that this account may use`);
    }
    if (image.Architecture !== architecture) {
      throw refuse("imageId", `"${image.ImageId}" is for ${image.Architecture}, but the machines are ${architecture}`);
    }
    return {
      imageId: image.ImageId!,
      imageName: image.Name ?? "",
      rootDeviceName: image.RootDeviceName ?? "/dev/sda1",
      rootDiskGib: rootDiskGib(image),
    };
  },

  async outlived(clients, { imageId }, signal) {
    if (await readImage(clients.ec2, imageId, signal)) return undefined;
    return `the image ${imageId} is gone: what runs goes on, and for machines that are made from now on \`image\` must name another`;
  },
});

function inWords({ ubuntu, architecture, gpu }: { ubuntu: string; architecture: string; gpu: boolean }): string {
  return `Ubuntu ${ubuntu} for ${architecture}${gpu ? " with NVIDIA's driver" : ""}`;
}
