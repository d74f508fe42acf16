import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { FunctionHandler } from "../../server/resource";
import type {
  GetImageArgs,
  GetImageResult,
  GetInstanceTypesArgs,
  GetInstanceTypesResult,
  GetPreflightArgs,
  GetPreflightResult,
} from "../../../sdk/aws/functions";
import { purchaseOf } from "../../../sdk/aws/capacity";
import { describeTypes } from "../instance-types";
import { findImage, imageInWords } from "../images";
import { examineGroup } from "../preflight/preflight";
import { keyPairFailures, readGroupFacts } from "../preflight/preflight-facts";
import { connect } from "../connection";

export const getImageHandler: FunctionHandler<GetImageArgs, GetImageResult> = {
  async invoke({ ubuntu = "24.04", architecture = "x86_64", gpu = false }, { config, signal }) {
    const clients = connect(config);
    const image = await findImage(clients.ec2, { ubuntu, architecture, gpu }, signal);
    if (!image) {
      throw new Error(
        `AWS has no image of ${imageInWords({ ubuntu, architecture, gpu })} in ${await clients.region()}`,
      );
    }
    return {
      imageId: image.ImageId!,
      name: image.Name ?? "",
      architecture: image.Architecture ?? architecture,
      createdAt: image.CreationDate ?? "",
      rootDeviceName: image.RootDeviceName ?? "/dev/sda1",
    };
  },
};

export const getInstanceTypesHandler: FunctionHandler<GetInstanceTypesArgs, GetInstanceTypesResult> = {
  async invoke({ instanceTypes }, { config, signal }) {
    const { ec2 } = connect(config);
    return { instanceTypes: await describeTypes(ec2, instanceTypes, signal) };
  },
};

export const getPreflightHandler: FunctionHandler<GetPreflightArgs, GetPreflightResult> = {
  async invoke({ nodeGroups = [], keyPair, zones }, { config, signal }) {
    const clients = connect(config);
    const region = await clients.region();
    const [identity, keyProblems, ...groups] = await Promise.all([
      clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
      keyPair === undefined ? [] : keyPairFailures(clients.ec2, keyPair, "keyPair", region, signal),
      ...nodeGroups.map(async ({ path, capacity, architecture, ...rest }) => {
        const plan = { ...rest, ...purchaseOf(capacity) };
        const facts = await readGroupFacts(clients, plan, { zones, imageArchitecture: architecture }, signal);
        return examineGroup(plan, facts, path);
      }),
    ]);
    return {
      accountId: identity.Account ?? "",
      region,
      problems: [...keyProblems, ...groups.flatMap(({ failures }) => failures)],
      warnings: groups.flatMap(({ warnings }) => warnings),
    };
  },
};
