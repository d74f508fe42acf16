import type { OpenNodeGroup } from "../node-groups/registry";
import { FleetDriver } from "./fleet/fleet-driver";
import type { FleetSpec } from "./fleet/fleet-spec";
import { connect } from "./connection";

/** Where the spec names a connection, that; else the provider's. */
export const openNodeGroup: OpenNodeGroup = (config, spec: FleetSpec, { owner }) =>
  new FleetDriver({ ec2: connect(config, spec.connection).ec2, spec, owner });
