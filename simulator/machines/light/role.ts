/** What a light machine does while it is on. One object per power-on. */
export interface Role {
  /** Others depend on it: it goes off last. */
  readonly isControlPlane: boolean;
  /** Resolves when it has begun; what takes longer goes on behind and tells the console. */
  start(): Promise<void>;
  /** Orderly: others are told where a real machine would tell them. */
  stop(): Promise<void>;
  /** At once, telling nobody. */
  cut(): Promise<void>;
  /** The whole simulator stops: as little as leaves no process and no connection behind. */
  close(): Promise<void>;
}

/** A machine whose start script makes no node: it is on, and that is all. */
export const plainRole: Role = {
  isControlPlane: false,
  start: async () => undefined,
  stop: async () => undefined,
  cut: async () => undefined,
  close: async () => undefined,
};
