/** As much of a pod as light machines look at. */
export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: {
    serviceAccountName?: string;
    containers: { name: string; image?: string; command?: string[]; env?: { name: string; value?: string }[] }[];
    volumes?: { name: string; secret?: { secretName: string }; configMap?: { name: string } }[];
  };
  status?: { phase?: string };
}

/** Said to run, and not on its way out. */
export function isRunning({ metadata, status }: Pod): boolean {
  return status?.phase === "Running" && metadata.deletionTimestamp === undefined;
}
