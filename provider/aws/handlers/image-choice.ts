import type * as pulumi from "../../../sdk/pulumi";
import type { ImageChoiceArgs } from "../../../sdk/aws/image-choice";
import { InvalidArguments } from "../../server/resource";
import type { AwsClients } from "../clients";
import { chooseImage, readImage, rootDiskGib } from "../images";
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
    const image = await chooseImage(clients.ec2, { imageId, ubuntu, architecture, gpu }, signal);
    if (typeof image === "string") throw new InvalidArguments([{ property: "imageId", reason: image }]);
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
