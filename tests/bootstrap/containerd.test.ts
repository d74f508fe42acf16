import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NodeDocument } from "../../bootstrap/document";
import { renderBootstrapScript } from "../../bootstrap/script";
import { filled, gpuWorker, worker } from "./documents";
import { FakeMachine } from "./machine";

const scriptFor = (document: NodeDocument) =>
  filled(renderBootstrapScript(document, { delivery: "cudo-start-script" }));
const of = (calls: string[], command: string) => calls.filter((call) => call.startsWith(`${command} `));

describe("containerd's configuration on a machine", () => {
  let machine: FakeMachine;
  afterEach(() => machine.dispose());

  it("takes what a pre-baked image has, and installs nothing", async () => {
    machine = new FakeMachine();
    const own = '# Kept by gpu-clusters: the image\'s own\nSystemdCgroup = false\nsandbox = "x"\n';
    machine.write("etc/containerd/config.toml", own);
    const { status, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0);
    assert.deepEqual(of(calls, "apt-get"), []);
    assert.deepEqual(of(calls, "containerd config"), []);
    assert.equal(
      machine.read("etc/containerd/config.toml"),
      own.replace("false", "true").replace('"x"', '"registry.k8s.io/pause:3.10.2"'),
    );
  });

  /** What the releases themselves print as their defaults. */
  const releases = join(__dirname, "containerd");
  for (const file of readdirSync(releases)) {
    it(`knows the configuration of containerd ${file.replace(".toml", "")}`, async () => {
      machine = new FakeMachine();
      const given = readFileSync(join(releases, file), "utf8");
      machine.configureContainerd(given);
      const { status, output } = await machine.run(scriptFor({ ...worker, cni: "bridge" }));
      assert.equal(status, 0, output);
      const before = given.split("\n");
      const after = machine.read("etc/containerd/config.toml").split("\n").slice(1);
      const changed = after.filter((line, index) => line !== before[index]).map((line) => line.trim());
      assert.equal(changed.length, 3, changed.join("\n"));
      assert.match(changed.join("\n"), /^sandbox(_image)? = "registry\.k8s\.io\/pause:3\.10\.2"$/m);
      assert.ok(changed.includes("SystemdCgroup = true"));
      assert.ok(changed.includes('conf_template = "/etc/containerd/cni.template"'));
    });
  }

  it("makes no node with GPUs of a containerd that gives pods none", async () => {
    machine = new FakeMachine();
    machine.hasContainerd("containerd github.com/containerd/containerd 1.6.20 1.6.20~ds1-1");
    assert.equal((await machine.run(scriptFor(worker))).status, 0);
    rmSync(join(machine.root, "var/lib/gpu-clusters/node"));
    const { status, output } = await machine.run(scriptFor(gpuWorker));
    assert.equal(status, 1);
    assert.match(output, /this containerd gives pods no GPUs: 1\.7 is needed/);
    machine.hasContainerd("containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da");
    const { status: taken, calls } = await machine.run(scriptFor(gpuWorker));
    assert.equal(taken, 0);
    assert.deepEqual(of(calls, "apt-get"), [], "what an image has is kept");
  });

  it("puts its own configuration in the place of an image's, once, drop-ins too", async () => {
    machine = new FakeMachine();
    const docker = 'disabled_plugins = ["cri"]\n# SystemdCgroup\n';
    machine.write("etc/containerd/config.toml", docker);
    machine.write("etc/containerd/conf.d/99-image.toml", docker);
    await machine.run(scriptFor(worker));
    const config = machine.read("etc/containerd/config.toml");
    assert.match(config, /^# Kept by gpu-clusters\nSystemdCgroup = true\n/);
    assert.equal(machine.read("etc/containerd/config.toml.image"), docker);
    assert.equal(machine.read("etc/containerd/conf.d.image/99-image.toml"), docker);
    assert.ok(!machine.has("etc/containerd/conf.d"));
    rmSync(join(machine.root, "var/lib/gpu-clusters/node"));
    const { calls } = await machine.run(scriptFor(worker));
    assert.deepEqual(of(calls, "containerd config"), []);
    assert.equal(machine.read("etc/containerd/config.toml"), config);
  });

  it("takes no half of a configuration for its own", async () => {
    machine = new FakeMachine();
    machine.breakContainerd();
    assert.equal((await machine.run(scriptFor(worker))).status, 1);
    machine.configureContainerd("SystemdCgroup = false\n");
    const { status, output } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.match(machine.read("etc/containerd/config.toml"), /^SystemdCgroup = true$/m);
  });

  // NVIDIA/nvidia-container-toolkit writes TOML without the comments that it has read, and since 1.18 a drop-in beside it.
  it("keeps its own configuration, and the image's aside, however often a machine with GPUs tries to join", async () => {
    machine = new FakeMachine();
    const image = "# the image's\nSystemdCgroup = false\n";
    machine.write("etc/containerd/config.toml", image);
    machine.write("etc/containerd/conf.d/99-image.toml", image);
    machine.breakKubeadm("Unauthorized");
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { output } = await machine.run(scriptFor(gpuWorker));
      assert.match(output, /FAILED at step: kubeadm join/, `attempt ${attempt}: ${output}`);
    }
    machine.mendKubeadm();
    const { status, output, calls } = await machine.run(scriptFor(gpuWorker));
    assert.equal(status, 0, output);
    assert.deepEqual(of(calls, "containerd config"), [], "it is made once");
    assert.match(machine.read("etc/containerd/config.toml"), /^# Kept by gpu-clusters\nSystemdCgroup = true\n/);
    assert.equal(machine.read("etc/containerd/conf.d/99-nvidia.toml"), "# NVIDIA runtime\n");
    assert.equal(machine.read("etc/containerd/config.toml.image"), image);
    assert.equal(machine.read("etc/containerd/conf.d.image/99-image.toml"), image);
  });

  it("keeps what a pre-baked image says to keep where a machine with GPUs tries to join again", async () => {
    machine = new FakeMachine();
    const own = '# Kept by gpu-clusters\nSystemdCgroup = true\nmirrors = "ours"\n';
    machine.write("etc/containerd/config.toml", own);
    machine.breakKubeadm("Unauthorized");
    for (let attempt = 1; attempt <= 2; attempt++) await machine.run(scriptFor(gpuWorker));
    assert.equal(machine.read("etc/containerd/config.toml"), own);
  });
});
