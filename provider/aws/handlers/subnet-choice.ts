import type * as pulumi from "../../../sdk/pulumi";
import type { SubnetChoiceArgs } from "../../../sdk/aws/subnet-choice";
import { InvalidArguments } from "../../server/resource";
import type { ChosenSubnets } from "../chosen-subnets";
import { chooseExisting } from "../existing-network";
import { isOfCluster, ofNetwork } from "../users-fields";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<SubnetChoiceArgs>;

export const subnetChoiceHandler = keptAnswer<Inputs, ChosenSubnets>({
  async ask({ ec2 }, { vpcId, subnetIds, apart = {}, publicApi }, { signal, urn, before }) {
    const { chosen, failures } = await chooseExisting(ec2, { vpcId, subnetIds, publicApi }, apart, signal, before);
    if (failures.length > 0) throw new InvalidArguments(isOfCluster(urn) ? ofNetwork(failures) : failures);
    return chosen;
  },
});
