import * as assert from "node:assert/strict";
import {
  benchToolNames,
  catalogue,
  nodeToolNames,
  operatorToolNames,
  pluginToolNames,
  serviceToolNames,
  testToolNames,
  toolNames,
} from "../../toolchain/tools/catalogue";
import { readModule } from "../../toolchain/tools/go";
import { findVersion, isAccepted } from "../../toolchain/tools/version";

describe("tool catalogue", () => {
  it("lists every tool once", () =>
    assert.deepEqual(
      [
        ...toolNames,
        ...nodeToolNames,
        ...testToolNames,
        ...benchToolNames,
        ...pluginToolNames,
        ...operatorToolNames,
        ...serviceToolNames,
      ].sort(),
      Object.keys(catalogue).sort(),
    ));

  for (const tool of Object.values(catalogue)) {
    it(`${tool.name}: the pinned version is what go.mod compiles and what PATH may hold`, async () => {
      const { goMod } = await readModule(tool.module);
      assert.match(goMod, new RegExp(`^\\s*(tool )?${tool.package.replaceAll(".", "\\.")}$`, "m"));
      const module = {
        "cloud-provider-aws": "k8s.io/cloud-provider-aws",
        "cluster-api": "sigs.k8s.io/cluster-api",
        "cni-plugins": "github.com/containernetworking/plugins",
        containerd: "github.com/containerd/containerd/v2",
        coredns: "github.com/coredns/coredns",
        etcd: "go.etcd.io/etcd/server/v3",
        flannel: "github.com/flannel-io/flannel",
        karpenter: "sigs.k8s.io/karpenter",
        kuberay: "github.com/ray-project/kuberay/ray-operator",
        kubernetes: "k8s.io/kubernetes",
        kwok: "sigs.k8s.io/kwok",
        pulumi: "github.com/pulumi/pulumi/pkg/v3",
        "pulumi-kubernetes": "github.com/pulumi/pulumi-kubernetes/provider/v4",
        "slurm-operator": "github.com/SlinkyProject/slurm-operator",
        vault: "github.com/hashicorp/vault",
      };
      assert.ok(
        goMod.replaceAll("\n", " ").includes(`${module[tool.module]} v${tool.version} `),
        `go.mod pins ${module[tool.module]} v${tool.version}`,
      );
      assert.ok(isAccepted(findVersion(tool.version)!, tool.accepts));
    });

    it(`${tool.name}: a download can always be verified`, () => {
      for (const os of ["linux", "darwin"]) {
        for (const arch of ["amd64", "arm64"]) {
          const download = tool.download({ os, arch });
          if (!download) continue;
          assert.match(download.url, /^https:/);
          assert.ok(download.sha256 ?? download.checksumUrl, download.url);
          if (download.sha256 !== undefined) assert.match(download.sha256, /^[0-9a-f]{64}$/);
        }
      }
    });
  }
});
