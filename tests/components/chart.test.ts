import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { chartPlace, chartSource } from "../../components/addons/chart";
import { provider } from "../../plugin/provider";
import { checkConfig } from "../../provider/server/provider-config";
import { committedSchema } from "../../sdk/schema/committed";
import { cilium, nvidiaDraDriver } from "../../components/versions";

const key = "gpu-clusters:kubernetes";

/** With all charts from a mirror. */
function mirrored<Result>(repository: string, look: () => Result): Result {
  pulumi.runtime.setConfig(key, JSON.stringify({ chartRepository: repository }));
  try {
    return look();
  } finally {
    pulumi.runtime.setAllConfig({});
  }
}

describe("where charts come from", () => {
  it("is their publishers' repositories and registries", () => {
    const { chart, version, repository: repo } = cilium;
    assert.deepEqual(chartSource(cilium), { chart, version, repositoryOpts: { repo } });
    const { chart: reference, version: driver } = nvidiaDraDriver;
    assert.deepEqual(chartSource(nvidiaDraDriver), { chart: reference, version: driver });
    assert.equal(chartPlace(cilium), "https://helm.cilium.io/");
    assert.equal(chartPlace(nvidiaDraDriver), "oci://registry.k8s.io/dra-driver-nvidia/charts");
  });

  it("is configuration that the provider takes, or refuses by its field", () => {
    const check = (chartRepository: string) => {
      const given = { kubernetes: JSON.stringify({ chartRepository }) };
      return checkConfig(provider, committedSchema(), given).failures.map(({ property }) => property);
    };
    assert.deepEqual(check("https://charts.example.com"), []);
    assert.deepEqual(check("oci://registry.example.com/charts"), []);
    assert.deepEqual(check("charts.example.com"), ["kubernetes.chartRepository"]);
  });

  it("is one mirror where the stack's config names it, a repository or a registry", () => {
    const repo = "https://charts.example.com";
    const name = "dra-driver-nvidia-gpu";
    mirrored(repo, () => {
      assert.deepEqual(chartSource(cilium), { chart: "cilium", version: cilium.version, repositoryOpts: { repo } });
      assert.deepEqual(chartSource(nvidiaDraDriver), {
        chart: name,
        version: nvidiaDraDriver.version,
        repositoryOpts: { repo },
      });
      assert.equal(chartPlace(nvidiaDraDriver), repo);
    });
    mirrored("oci://registry.example.com/charts/", () => {
      assert.deepEqual(chartSource(cilium), {
        chart: "oci://registry.example.com/charts/cilium",
        version: cilium.version,
      });
      assert.equal(chartPlace(cilium), "oci://registry.example.com/charts");
    });
  });
});
