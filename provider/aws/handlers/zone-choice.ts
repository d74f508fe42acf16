import type * as pulumi from "../../../sdk/pulumi";
import type { ZoneChoiceArgs } from "../../../sdk/aws/zone-choice";
import { InvalidArguments } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isOfCluster } from "../users-fields";
import { chooseZones } from "../zones";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<ZoneChoiceArgs>;
interface Outputs {
  zones: string[];
}

export const zoneChoiceHandler = keptAnswer<Inputs, Outputs>({
  async ask(clients: AwsClients, { count, names }, { signal, urn }) {
    const place = { ec2: clients.ec2, region: await clients.region() };
    const { zones, failures } = await chooseZones(
      place,
      { count, names },
      isOfCluster(urn) ? "network.zones" : "names",
      signal,
    );
    if (failures.length > 0) throw new InvalidArguments(failures);
    return { zones };
  },

  keep({ names }, { zones }) {
    if (names && names.join() !== zones.join()) {
      const [here, there] = [zones.join(", "), names.join(", ")];
      throw new Error(`the zones are ${here} for as long as the network lives, and cannot become ${there}`);
    }
    return { zones };
  },
});
