/** Images that machines can start from. */
import {
  DescribeImagesCommand,
  paginateDescribeImages,
  type DescribeImagesCommandInput,
  type EC2Client,
  type Image,
} from "@aws-sdk/client-ec2";
import { regionOf } from "./clients";
import { isAwsError } from "./errors";
import { everyItem } from "./pages";

export interface ImageQuery {
  readonly ubuntu: "22.04" | "24.04";
  readonly architecture: "x86_64" | "arm64";
  /** With NVIDIA's driver and container toolkit. */
  readonly gpu: boolean;
}

/** Canonical publishes Ubuntu's images from these accounts. Reference: Ubuntu on AWS, "Find Ubuntu images on AWS". */
const canonical = [
  [/^cn-/, "837727238323"],
  [/^us-gov-/, "513442679011"],
  [/^/, "099720109477"],
] as const;

const codeNames = { "22.04": "jammy", "24.04": "noble" } as const;

/** Ubuntu's own images by Canonical; those with GPU drivers are AWS's Deep Learning Base AMIs on Ubuntu. */
function imageRequest({ ubuntu, architecture, gpu }: ImageQuery, region: string): DescribeImagesCommandInput {
  const arm = architecture === "arm64";
  const processor = arm ? "arm64" : "amd64";
  const name = gpu
    ? `Deep Learning ${arm ? "ARM64 " : ""}Base OSS Nvidia Driver GPU AMI (Ubuntu ${ubuntu}) *`
    : `ubuntu/images/hvm-ssd*/ubuntu-${codeNames[ubuntu]}-${ubuntu}-${processor}-server-*`;
  return {
    Owners: [gpu ? "amazon" : canonical.find(([regions]) => regions.test(region))![1]],
    Filters: [
      { Name: "name", Values: [name] },
      { Name: "architecture", Values: [architecture] },
      { Name: "state", Values: ["available"] },
      { Name: "virtualization-type", Values: ["hvm"] },
    ],
  };
}

/** The newest that fits; undefined when there is none. */
export async function findImage(ec2: EC2Client, query: ImageQuery, signal: AbortSignal): Promise<Image | undefined> {
  const request = imageRequest(query, await regionOf(ec2));
  const pages = paginateDescribeImages({ client: ec2 }, request, { abortSignal: signal });
  return newest(await everyItem(pages, ({ Images }) => Images));
}

/** Also one that is deprecated, which no search tells of; undefined where it is gone, or the account may not see it. */
export async function readImage(ec2: EC2Client, imageId: string, signal: AbortSignal): Promise<Image | undefined> {
  try {
    const command = new DescribeImagesCommand({ ImageIds: [imageId], IncludeDeprecated: true });
    const { Images } = await ec2.send(command, { abortSignal: signal });
    return Images?.find(({ State }) => State !== "deregistered");
  } catch (error) {
    if (isAwsError(error) && /^InvalidAMIID\./.test(error.code)) return undefined;
    throw error;
  }
}

/** The image that is named, else the newest that fits; or why there is none. */
export async function chooseImage(
  ec2: EC2Client,
  { imageId, ...query }: ImageQuery & { imageId?: string | undefined },
  signal: AbortSignal,
): Promise<Image | string> {
  const image = await (imageId === undefined ? findImage(ec2, query, signal) : readImage(ec2, imageId, signal));
  const [region, wanted] = [await regionOf(ec2), imageInWords(query)];
  const wayOut = `without it, the newest of ${wanted} is taken`;
  if (image === undefined)
    return imageId === undefined
      ? `AWS shows this account no image of ${wanted} in ${region}: name one, or allow it where the account's Allowed AMIs hide it (\`aws ec2 get-allowed-images-settings --region ${region}\`)`
      : `there is no image "${imageId}" in ${region} that this account may use: name one that \`aws ec2 describe-images --region ${region} --image-ids …\` shows; ${wayOut}`;
  if (image.Platform?.toLowerCase() === "windows")
    return `"${image.ImageId}" is of Windows, and the machines run Linux: name one of Ubuntu; ${wayOut}`;
  const other = otherSystem(image);
  if (other !== undefined)
    return `"${image.ImageId}" is ${other}, and machines install themselves by apt: name one of Ubuntu; ${wayOut}`;
  if (image.State !== undefined && image.State !== "available")
    return `"${image.ImageId}" is ${image.State}, and must be available to start machines from; ${wayOut}`;
  if (image.Architecture === query.architecture) return image;
  return `"${image.ImageId}" is for ${image.Architecture}, but the machines are ${query.architecture}: name one for them; ${wayOut}`;
}

/** Of images that everybody has. Somebody's own may bring all that is needed, whatever it was made from. */
function otherSystem({ Public, Name = "", PlatformDetails = "" }: Image): string | undefined {
  if (!Public) return undefined;
  const paid = /^(Red Hat Enterprise Linux|SUSE Linux)/.exec(PlatformDetails)?.[1];
  if (paid !== undefined) return paid;
  if (/^bottlerocket-/.test(Name)) return "Bottlerocket";
  return /^(al20\d\d-|amzn|amazon-eks-)|\(Amazon Linux/.test(Name) ? "Amazon Linux" : undefined;
}

/** For example `Ubuntu 24.04 for x86_64 with NVIDIA's driver`. */
export function imageInWords({ ubuntu, architecture, gpu }: ImageQuery): string {
  return `Ubuntu ${ubuntu} for ${architecture}${gpu ? " with NVIDIA's driver" : ""}`;
}

/** What the root disk's snapshot holds: no disk can be smaller. 0: not known. */
export function rootDiskGib({ RootDeviceName, BlockDeviceMappings = [] }: Image): number {
  return BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName)?.Ebs?.VolumeSize ?? 0;
}

export function newest(images: readonly Image[]): Image | undefined {
  return [...images].sort((a, b) => (b.CreationDate ?? "").localeCompare(a.CreationDate ?? ""))[0];
}
