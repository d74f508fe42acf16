import { Unknown } from "../../provider/server/values";
import type { StandIn } from "../server/server";
import { TableCalls, type Table } from "../server/table";
import { addressResources } from "./addresses";
import { Cloud } from "./cloud";
import { checkConfiguration, configurationOf, diffConfiguration } from "./configuration";
import { fileResources } from "./files";
import { functions } from "./functions";
import { identityResources } from "./identity";
import { keyResources } from "./keys";
import { loadBalancerResources } from "./load-balancers";
import { lustreResources } from "./lustre";
import { machineResources } from "./machines";
import { networkResources } from "./network";
import { parameterResources } from "./parameters";
import { placementResources } from "./placement";
import { securityResources } from "./security";

const table: Table<Cloud> = {
  provider: "aws",
  functions,
  resources: {
    ...addressResources,
    ...fileResources,
    ...identityResources,
    ...keyResources,
    ...loadBalancerResources,
    ...lustreResources,
    ...machineResources,
    ...networkResources,
    ...parameterResources,
    ...placementResources,
    ...securityResources,
  },
};

/** What self-managed clusters need of @pulumi/aws, on a simulated AWS. */
export const awsStandIn: StandIn = {
  provider: "aws",
  version: "7.48.0",
  unknownConfiguration: { region: Unknown.value },
  checkConfiguration,
  diffConfiguration,
  calls: (configuration) => {
    let cloud: Cloud | undefined;
    return new TableCalls(table, () => (cloud ??= new Cloud(configurationOf(configuration))));
  },
};
