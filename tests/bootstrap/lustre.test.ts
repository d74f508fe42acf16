import assert from "node:assert/strict";
import type { NodeDocument } from "../../bootstrap/document";
import { renderBootstrapScript } from "../../bootstrap/script";
import { filled, lustreWorker } from "./documents";
import { FakeMachine } from "./machine";

const scriptFor = (document: NodeDocument) =>
  filled(renderBootstrapScript(document, { delivery: "cudo-start-script" }));

describe("the bootstrap script on a machine with shared files on Lustre", () => {
  let machine: FakeMachine;
  afterEach(() => machine.dispose());

  const noble = (without: string[] = []) => {
    machine = new FakeMachine({ without });
    machine.write("etc/os-release", "VERSION_CODENAME=noble\n");
    return machine;
  };

  it("installs AWS's client for its kernel, and has the files before it joins and before kubelet starts", async () => {
    noble(["mount.lustre"]).hasKernel("6.14.0-1010-aws", "6.8.0-1009-aws", "6.14.0-1010-aws");
    const { status, output, calls } = await machine.run(scriptFor(lustreWorker));
    assert.equal(status, 0, output);
    assert.match(
      machine.read("etc/apt/sources.list.d/fsx-lustre.list"),
      /signed-by=\/etc\/apt\/keyrings\/fsx-lustre\.asc\] https:\/\/fsx-lustre-client-repo\.s3\.amazonaws\.com\/ubuntu noble main/,
    );
    const installed = calls.findIndex((call) =>
      call.endsWith("lustre-client-modules-6.14.0-1010-aws lustre-client-utils"),
    );
    const mounted = calls.indexOf("mount /mnt/shared");
    const joined = calls.findIndex((call) => call.startsWith("kubeadm join"));
    assert.ok(installed >= 0 && installed < mounted && mounted < joined, calls.join("\n"));
    assert.match(
      machine.read("etc/fstab"),
      /^\S+@tcp:\/abcdefgh \/mnt\/shared lustre noatime,flock,_netdev,noauto 0 0$/m,
    );
    const unit = machine.read("etc/systemd/system/gpu-clusters-shared.service");
    for (const line of ["RequiredBy=kubelet.service", "Before=kubelet.service", "TimeoutStartSec=infinity"])
      assert.ok(unit.split("\n").includes(line), line);
    assert.match(machine.read("etc/apt/apt.conf.d/52gpu-clusters-lustre"), /"linux-"/);
  });

  it("takes the client that an image has, and writes the mount down once", async () => {
    noble().breakKubeadm("error: no way");
    assert.equal((await machine.run(scriptFor(lustreWorker))).status, 1);
    machine.mendKubeadm();
    const { status, calls } = await machine.run(scriptFor(lustreWorker));
    assert.equal(status, 0);
    assert.ok(!calls.some((call) => call.startsWith("apt-get")), calls.join("\n"));
    assert.equal(
      machine
        .read("etc/fstab")
        .trim()
        .split("\n")
        .filter((line) => line.includes("lustre")).length,
      1,
    );
  });

  it("does not join without the files, and says what is missing", async () => {
    noble(["mount.lustre"]).hasKernel("6.17.0-1001-aws", "6.8.0-1009-aws", "6.14.0-1010-aws");
    const early = await machine.run(scriptFor(lustreWorker));
    assert.equal(early.status, 1);
    assert.match(
      early.output,
      /no Lustre client for this image's kernel 6\.17\.0-1001-aws: name an image with one of 6\.8\.0-1009-aws 6\.14\.0-1010-aws\n/,
    );
    assert.ok(!early.calls.some((call) => call.startsWith("kubeadm join")));
    machine.dispose();

    noble().breakMounts();
    const away = await machine.run(scriptFor(lustreWorker));
    assert.equal(away.status, 1);
    assert.match(
      away.output,
      /Connection timed out[^]*shared files at fs-\S+ cannot be mounted: see above\n[^]*FAILED at step: shared files/,
    );
    assert.ok(!away.calls.some((call) => call.startsWith("kubeadm join")));
  });

  it("takes nothing of the document for more than it says", async () => {
    for (const lustre of [
      { source: "fs-1@tcp:/a -o suid", path: "/mnt/shared" },
      { source: "fs-1@tcp:/a", path: "/mnt/shared defaults 0 0\n/dev/sda1 /" },
    ]) {
      const { status, output } = await noble().run(scriptFor({ ...lustreWorker, lustre }));
      assert.equal(status, 1);
      assert.match(output, /lustre is not of a form that can be used/);
      assert.ok(!machine.has("etc/fstab"));
      machine.dispose();
    }
    machine = new FakeMachine();
  });
});
