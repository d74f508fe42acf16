import type * as pulumi from "../../../sdk/pulumi";
import type { ZoneChoiceArgs } from "../../../sdk/aws/zone-choice";
import { InvalidArguments } from "../../server/resource";
import type { AwsClients } from "../clients";
import { readZones, regularZones, zoneRefusal } from "../zones";
import { keptAnswer } from "./kept-answer";

type Inputs = pulumi.Unwrap<ZoneChoiceArgs>;
interface Outputs {
  zones: string[];
}

export const zoneChoiceHandler = keptAnswer<Inputs, Outputs>({
  async ask(clients: AwsClients, { count, names }, { signal }) {
    const [zones, region] = await Promise.all([readZones(clients.ec2, signal), clients.region()]);
    if (names) {
      const failures = names.flatMap((name, index) => {
        const reason = zoneRefusal(name, zones, region);
        return reason === undefined ? [] : [{ property: `names[${index}]`, reason }];
      });
      if (failures.length > 0) throw new InvalidArguments(failures);
      return { zones: names };
    }
    const found = regularZones(zones).flatMap(({ ZoneName }) => ZoneName ?? []);
    if (found.length < count) {
      const reason = `${region} has ${found.length} zones for this account (${found.join(", ")}), not ${count}: name those to use`;
      throw new InvalidArguments([{ property: "names", reason }]);
    }
    return { zones: found.slice(0, count) };
  },

  keep({ names }, { zones }) {
    if (names && names.join() !== zones.join()) {
      const [here, there] = [zones.join(", "), names.join(", ")];
      throw new Error(`the zones are ${here} for as long as the network lives, and cannot become ${there}`);
    }
    return { zones };
  },
});
