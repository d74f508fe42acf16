/** What the start script installs where an image lacks it, and what it keeps from updates. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { NodeDocument } from "../../bootstrap/document";
import { renderBootstrapScript } from "../../bootstrap/script";
import { controlPlane, filled, gpuWorker, worker } from "./documents";
import { FakeMachine } from "./machine";

const scriptFor = (document: NodeDocument) =>
  filled(renderBootstrapScript(document, { delivery: "cudo-start-script" }));
const of = (calls: string[], command: string) => calls.filter((call) => call.startsWith(`${command} `));

describe("the packages of a machine", () => {
  let machine: FakeMachine;
  afterEach(() => machine.dispose());

  it("takes pre-releases from the channel that has them", async () => {
    machine = new FakeMachine({ packagesLater: true });
    const { calls } = await machine.run(scriptFor({ ...worker, kubernetesVersion: "1.37.0-rc.1" }));
    assert.match(of(calls, "curl").join("\n"), /core:\/prerelease:\/v1\.37\/deb/);
    assert.match(of(calls, "apt-get").join("\n"), /kubelet=1\.37\.0~rc\.1-/);
  });

  it("installs the pinned Kubernetes from its own packages, waiting for other users of apt", async () => {
    machine = new FakeMachine({ packagesLater: true });
    const { calls } = await machine.run(scriptFor(controlPlane));
    assert.equal(
      machine.read("etc/apt/sources.list.d/kubernetes.list"),
      "deb [signed-by=/etc/apt/keyrings/kubernetes.asc] https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /\n",
    );
    assert.ok(machine.has("etc/apt/keyrings/kubernetes.asc"));
    const install = of(calls, "apt-get").find((call) => call.includes("kubeadm="))!;
    assert.match(
      install,
      /DPkg::Lock::Timeout=600 install .* --allow-change-held-packages --allow-downgrades kubelet=1\.36\.3-\\\* kubeadm=1\.36\.3-\\\* kubectl=1\.36\.3-\\\*$/,
    );
    assert.deepEqual(of(calls, "apt-mark"), ["apt-mark hold containerd.io containerd.io kubelet"]);
  });

  it("installs containerd, runc and iptables where the image has none, and leaves Docker's where they are", async () => {
    machine = new FakeMachine({ packagesLater: true, without: ["containerd", "runc"] });
    // The computer of the test may have one.
    const without = '() { [ "$2" != iptables ] && builtin command "$@"; }';
    const { calls } = await machine.run(scriptFor(worker), { "BASH_FUNC_command%%": without });
    const installs = of(calls, "apt-get").filter((call) => call.includes(" install "));
    assert.match(installs[0]!, /kubelet=\S+ kubeadm=\S+ containerd runc iptables$/);
    machine.dispose();
    machine = new FakeMachine({ packagesLater: true });
    const docker = await machine.run(scriptFor(worker));
    assert.doesNotMatch(of(docker.calls, "apt-get").join("\n"), / (containerd|runc)\b/);
  });

  it("goes on where the power went while a package was installed", async () => {
    machine = new FakeMachine({ packagesLater: true });
    machine.interruptPackages();
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.deepEqual(of(calls, "dpkg"), ["dpkg --configure -a"]);
  });

  it("ends at once on an image that has no apt, such as Amazon Linux", async () => {
    machine = new FakeMachine({ packagesLater: true });
    // The computer of the test has one.
    const without = '() { [ "$2" != apt-get ] && builtin command "$@"; }';
    const { status, output, calls } = await machine.run(scriptFor(worker), { "BASH_FUNC_command%%": without });
    assert.equal(status, 1, output);
    assert.match(output, /no apt-get to install .*kubelet=.*: take an image of Ubuntu or Debian/);
    assert.deepEqual([of(calls, "apt-get"), of(calls, "sleep")], [[], []]);
  });

  it("gives a download up whose server has gone silent, and none that is slow", async () => {
    machine = new FakeMachine({ packagesLater: true, without: ["nvidia-cdi-hook"] });
    const { calls } = await machine.run(scriptFor(gpuWorker));
    const downloads = of(calls, "curl");
    assert.equal(downloads.length, 2, downloads.join("\n"));
    for (const each of downloads) {
      assert.match(each, / --connect-timeout 30 -y 60 /);
      assert.doesNotMatch(each, /--max-time| -m /);
    }
  });

  it("is not stopped by a repository that its image brought and that is gone", async () => {
    machine = new FakeMachine({ packagesLater: true });
    machine.breakUpdates();
    const { status, output } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.match(output, /not signed[^]*not all lists of packages could be updated/);
  });

  it("takes a repository that its image has under another key in that one's place, which apt would read nothing beside", async () => {
    machine = new FakeMachine({ packagesLater: true, without: ["nvidia-cdi-hook"] });
    const ways = {
      "k8s.sources":
        "Types: deb\nURIs: https://pkgs.k8s.io/core:/stable:/v1.36/deb/\nSuites: /\nSigned-By: /usr/share/keyrings/k8s.gpg\n",
      "nvidia.list": "deb [signed-by=/k.gpg] https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n",
      "older.list": "deb https://pkgs.k8s.io/core:/stable:/v1.35/deb/ /\n",
    };
    for (const [file, text] of Object.entries(ways)) machine.write(`etc/apt/sources.list.d/${file}`, text);
    const { status, output } = await machine.run(scriptFor(gpuWorker));
    assert.equal(status, 0, output);
    assert.deepEqual(readdirSync(join(machine.root, "etc/apt/sources.list.d")).sort(), [
      "k8s.sources.image",
      "kubernetes.list",
      "nvidia-container-toolkit.list",
      "nvidia.list.image",
      "older.list",
    ]);
  });

  it("leaves what its image has from below a mirror's own address, as Ubuntu's packages", async () => {
    machine = new FakeMachine({ packagesLater: true });
    machine.write("etc/gpu-clusters/overrides.env", "KUBERNETES_PACKAGES=https://mirror.example.com\n");
    machine.write("etc/apt/sources.list.d/ubuntu.sources", "Types: deb\nURIs: https://mirror.example.com/ubuntu/\n");
    const { status, output } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.deepEqual(readdirSync(join(machine.root, "etc/apt/sources.list.d")).sort(), [
      "kubernetes.list",
      "ubuntu.sources",
    ]);
  });

  it("waits for who has dpkg's lock before it keeps packages from updates", async () => {
    machine = new FakeMachine();
    machine.lockPackages();
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.equal(of(calls, "apt-mark").length, 2);
  });

  it("does not tell who logs in to a mirror: the console is read by others", async () => {
    const mirror = "KUBERNETES_PACKAGES=https://apt:hunter22@mirror.example.com/k8s\n";
    for (const offers of [["1.36.2-1.1"], []]) {
      machine = new FakeMachine({ packagesLater: true });
      machine.write("etc/gpu-clusters/overrides.env", mirror);
      if (offers.length > 0) machine.offers(...offers);
      const { output } = await machine.run(scriptFor({ ...worker, kubernetesVersion: "1.36.9" }));
      assert.match(output, /https:\/\/mirror\.example\.com\/k8s (has no|did not)/);
      assert.doesNotMatch(output, /hunter22/);
      assert.match(machine.read("etc/apt/sources.list.d/kubernetes.list"), /apt:hunter22@mirror/);
      if (offers.length > 0) machine.dispose();
    }
  });

  it("ends at once with what there is, where the package repository has no such version", async () => {
    machine = new FakeMachine({ packagesLater: true });
    machine.offers("1.36.2-1.1", "1.36.1-1.1");
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 1);
    assert.match(output, /https:\/\/pkgs\.k8s\.io\/\S+ has no kubelet 1\.36\.3, but: 1\.36\.2-1\.1 1\.36\.1-1\.1\n/);
    assert.deepEqual(
      of(calls, "apt-get").filter((call) => call.includes("kubelet=")),
      [],
    );
    machine.dispose();
    machine = new FakeMachine({ packagesLater: true });
    machine.offers("1.36.31-1.1", "1.36.3-1.1");
    assert.equal((await machine.run(scriptFor(worker))).status, 0);
  });

  it("keeps what runs from updates that nobody asked for, and GPUs' drivers", async () => {
    machine = new FakeMachine();
    const { calls } = await machine.run(scriptFor(gpuWorker));
    assert.deepEqual(of(calls, "apt-mark"), ["apt-mark hold containerd.io containerd.io kubelet"]);
    assert.match(machine.read("etc/apt/apt.conf.d/52gpu-clusters"), /Package-Blacklist \{ "nvidia-"; "libnvidia-";/);
  });

  it("installs Python where the image has none", async () => {
    machine = new FakeMachine({ without: ["python3"] });
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.match(of(calls, "apt-get").join("\n"), /update\n.*install -y --no-install-recommends python3$/);
  });
});
