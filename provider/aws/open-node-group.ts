import { reservedKind } from "../../sdk/aws/capacity";
import type { OpenNodeGroup } from "../node-groups/registry";
import type { NodeGroupDriver } from "../node-groups/driver";
import { FleetDriver, type FleetDriverOptions } from "./fleet/fleet-driver";
import type { FleetSpec } from "./fleet/fleet-spec";
import { ReservationDriver } from "./fleet/reservation-driver";
import { connect } from "./connection";

export const openNodeGroup: OpenNodeGroup = (config, spec: FleetSpec, { owner }) =>
  driverOf({ ec2: connect(config).ec2, spec, owner });

export function driverOf(options: FleetDriverOptions): NodeGroupDriver {
  return reservedKind(options.spec.capacity) ? new ReservationDriver(options) : new FleetDriver(options);
}
