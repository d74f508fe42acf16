/** How long the simulated AWS takes, in milliseconds of real time. */
export interface AwsTiming {
  /** An instance is `pending`. */
  readonly launch: number;
  /** An instance is `shutting-down`, or `stopping`. */
  readonly shutDown: number;
  /** A new fleet is `submitted`. */
  readonly fleetReaction: number;
  /** A fleet is `modifying`. */
  readonly fleetModification: number;
  /** From DeleteFleets to `deleted`, if the instances are gone by then. */
  readonly fleetDeletion: number;
  /** Until a fleet notices that an instance is gone. */
  readonly fleetNoticesLoss: number;
  /** Between two attempts of a fleet that gets no instances. */
  readonly fleetRetry: number;
  /** How old the answer of DescribeFleetInstances is. */
  readonly fleetInstancesLag: number;
  /** How old a record of DescribeFleetHistory must be to be shown. */
  readonly historyLag: number;
  /** From the deletion of a load balancer until its network interfaces are gone. */
  readonly balancerRelease: number;
  /** From the notice of a spot interruption until the instance is taken back. */
  readonly spotNotice: number;
}

/** Minutes of the real AWS, made short. */
export const defaultAwsTiming: AwsTiming = {
  launch: 150,
  shutDown: 150,
  fleetReaction: 50,
  fleetModification: 100,
  fleetDeletion: 150,
  fleetNoticesLoss: 300,
  fleetRetry: 500,
  fleetInstancesLag: 0,
  historyLag: 0,
  balancerRelease: 150,
  spotNotice: 150,
};
