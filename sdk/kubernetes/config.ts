/** The provider's configuration for what runs in clusters. */

/**
 * Where what runs in clusters comes from.
 * @providerConfig kubernetes
 */
export interface KubernetesProviderConfig {
  /**
   * Mirror of all Helm charts, which has them by their publishers' names and versions: a repository (`https://charts.example.com`) or a registry
   * (`oci://registry.example.com/charts`). Default: each publisher's own.
   */
  chartRepository?: string;
}

/** `given` may hold unknown values, which pass through. */
export function checkKubernetesConfig<T>({ chartRepository }: { chartRepository?: T }): {
  config: { chartRepository?: T };
  failures: { property: string; reason: string }[];
} {
  const isWrong = typeof chartRepository === "string" && !/^(https?|oci):\/\/[^\s/]/.test(chartRepository);
  return {
    config: chartRepository === undefined ? {} : { chartRepository },
    failures: isWrong
      ? [
          {
            property: "kubernetes.chartRepository",
            reason: `"${chartRepository}" must be an address such as https://charts.example.com or oci://registry.example.com/charts`,
          },
        ]
      : [],
  };
}
