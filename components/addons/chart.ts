/** Where the pinned Helm charts of our add-ons come from. */
import type { KubernetesProviderConfig } from "../../sdk/kubernetes/config";
import * as pulumi from "../../sdk/pulumi";
import { pluginName } from "../../sdk/plugin/package";

export interface PinnedChart {
  /** Its name, or `oci://…` where it is in no repository but a registry. */
  readonly chart: string;
  readonly version: string;
  readonly repository?: string;
}

/** What `Release` and `Chart` take of a chart. */
export interface ChartSource {
  chart: string;
  version: string;
  repositoryOpts?: { repo: string };
}

/**
 * The publisher's repository, or the mirror that the stack's config names for all charts (`gpu-clusters:kubernetes.chartRepository`): a repository
 * (`https://charts.example.com`), or a registry (`oci://registry.example.com/charts`).
 */
export function chartSource({ chart, version, repository }: PinnedChart): ChartSource {
  const repo = mirror() ?? repository;
  if (repo === undefined || repo === repository) return { chart, version, ...(repo && { repositoryOpts: { repo } }) };
  const name = chart.split("/").at(-1)!;
  return repo.startsWith("oci://")
    ? { chart: `${repo.replace(/\/$/, "")}/${name}`, version }
    : { chart: name, version, repositoryOpts: { repo } };
}

function mirror(): string | undefined {
  return new pulumi.Config(pluginName).getObject<KubernetesProviderConfig>("kubernetes")?.chartRepository;
}

/** Where it comes from, for people. */
export function chartPlace(pinned: PinnedChart): string {
  const { chart, repositoryOpts } = chartSource(pinned);
  return repositoryOpts?.repo ?? chart.slice(0, chart.lastIndexOf("/"));
}

/** What an add-on is going to need, told at the preview. */
export function tellNeeds(needs: readonly string[], resource: pulumi.Resource | undefined): void {
  if (pulumi.isDryRun()) for (const need of needs) void pulumi.log.info(need, resource);
}
