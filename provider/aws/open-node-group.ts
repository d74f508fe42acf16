import type { OpenNodeGroup } from "../node-groups/registry";
import { FleetDriver } from "./fleet/fleet-driver";
import type { FleetSpec } from "./fleet/fleet-spec";
import { connect } from "./connection";

export const openNodeGroup: OpenNodeGroup = (config, spec: FleetSpec, { owner }) =>
  new FleetDriver({ ec2: connect(config).ec2, spec, owner });
