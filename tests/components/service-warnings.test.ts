/** What services warn of is known at the first preview, when no group has a size yet. */
import assert from "node:assert/strict";
import { JupyterHub, Slurm } from "../../components/addons";
import { CudoCluster } from "../../components/cudo/cluster";
import { ComputeCluster } from "../../components/michelangelo";
import { clusterInHand } from "./cluster-in-hand";
import { group } from "./cudo-scene";
import { mockProgram, settled, warnings } from "./mocks";

const client = { issuer: "https://sso.example.com/realms/lab", clientId: "train", secret: "CLIENT-SECRET" };

describe("GPUs that services cannot give out", () => {
  const told = async (gpuMode: "plugin" | "dra") => {
    const all = await warnings(async () => {
      await mockProgram({}, true);
      const cluster = new CudoCluster("train", { noVault: true, nodeGroups: [group], cni: "none", gpuMode });
      new JupyterHub("hub", { cluster, client, url: "https://hub.example.com" });
      new Slurm("lab", { cluster });
      new ComputeCluster("ray", { cluster, controlPlane: clusterInHand(), storage: { fileSystem: "s3://a" } });
      await settled();
    });
    return all.flatMap(
      (words) =>
        /(\w+) (asks for nvidia\.com\/gpu alone, and so )?gives nobody the GPUs of gpu,/.exec(words)?.[1] ?? [],
    );
  };

  it("are told at the first preview", async () => {
    assert.deepEqual(await told("dra"), ["JupyterHub", "Slurm", "Michelangelo"]);
    assert.deepEqual(await told("plugin"), []);
  });
});
