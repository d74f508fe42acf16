/** How long the simulated clouds take. All delays in milliseconds of real time, before scaling. */
export interface Timing {
  /** Multiplies every delay. 0: everything is done by the next request. Default 1. */
  readonly scale: number;
  /** A VM waits for its host (PENDING). */
  readonly vmPending: number;
  /** A VM boots (STARTING). */
  readonly vmStarting: number;
  /** From ACTIVE until the VM's addresses appear. */
  readonly vmAddress: number;
  /** A VM stops, or is resized. */
  readonly vmStopping: number;
  /** From the terminate call until the VM is gone. */
  readonly vmDeleting: number;
  /** A network is made, or deleted. */
  readonly network: number;
  /** A disk or image is made, attached, detached, grown or deleted. */
  readonly disk: number;
}

export const defaultTiming: Timing = {
  scale: 1,
  vmPending: 50,
  vmStarting: 250,
  vmAddress: 50,
  vmStopping: 150,
  vmDeleting: 150,
  network: 100,
  disk: 100,
};

/** The delays as they pass: every one multiplied by the scale. */
export function scaled(timing: Timing): Timing {
  const factor = timing.scale;
  return {
    scale: factor,
    vmPending: timing.vmPending * factor,
    vmStarting: timing.vmStarting * factor,
    vmAddress: timing.vmAddress * factor,
    vmStopping: timing.vmStopping * factor,
    vmDeleting: timing.vmDeleting * factor,
    network: timing.network * factor,
    disk: timing.disk * factor,
  };
}
