import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";

describe("npm run handover", function () {
  this.timeout(1_200_000);

  it("shows what each side of a registration sees, with each platform, and keeps nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-handover-test-"));
    const env = { GPU_CLUSTERS_STATE_DIR: directory };
    const settings = { cwd: join(__dirname, "..", ".."), env, reject: false, timeout: 1_000_000 } as const;
    try {
      const { exitCode, stdout, stderr } = await runCommand("npm", ["run", "--silent", "handover"], settings);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^ {2}Cluster ma-system\/train at https:\/\/127\.[\d.]+:6443: Ready CONDITION_STATUS_TRUE/m);
      assert.match(stdout, /^ {2}Secret default\/cluster-train-client-token with token$/m);
      assert.match(stdout, /^ {2}Secret default\/ray-manager-token \(kubernetes\.io\/service-account-token\)$/m);
      assert.match(stdout, /^ {2}Michelangelo's token may list Ray jobs$/m);
      assert.match(stdout, /^ {2}Michelangelo's token may not read Secrets: /m);
      assert.match(stdout, /Michelangelo sees: nothing of it any more/);
      assert.match(stdout, /^ {2}InferenceCluster shared \(Existing\), gateway 192\.0\.2\.80: .*Ready True$/m);
      assert.match(
        stdout,
        /^ {2}InferenceClass shared-gpu: 1 of gpu\.nvidia\.com with \{"memory":\{"value":"81559Mi"\}\}$/m,
      );
      assert.match(stdout, /^ {2}Secret modelplane-system\/shared-kubeconfig with kubeconfig$/m);
      assert.match(stdout, /^ {2}Service modelplane-system\/inference-gateway$/m);
      assert.match(stdout, /^ {2}Modelplane's kubeconfig has a token and may read Secrets too, as cluster-admin$/m);
      assert.match(stdout, /Modelplane sees: nothing of it any more/);
      assert.doesNotMatch(stdout, /still maintained|stack rm/, "the stacks are gone, too");
      assert.doesNotMatch(stdout + stderr, /eyJ[\w-]+\.eyJ/, "no token is shown");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
