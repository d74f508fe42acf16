import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { mkdirSync } from "node:fs";
import { parse, parseAllDocuments } from "yaml";
import type { NodeDocument } from "../../bootstrap/document";
import { renderBootstrapScript } from "../../bootstrap/script";
import { encryptionConfiguration } from "../../bootstrap/secrets-encryption";
import { controlPlane, filled, gpuWorker, worker } from "./documents";
import { FakeMachine } from "./machine";

const log = "var/log/gpu-clusters-bootstrap.log";
const state = "var/lib/gpu-clusters";
const scriptFor = (document: NodeDocument) =>
  filled(renderBootstrapScript(document, { delivery: "cudo-start-script" }));
const documentsOf = (yaml: string) => parseAllDocuments(yaml).map((document) => document.toJS() as Record<string, any>);
const publicHalf = (key: string) => createPublicKey(key).export({ type: "spki", format: "pem" });
const of = (calls: string[], command: string) => calls.filter((call) => call.startsWith(`${command} `));

describe("the bootstrap script on a machine", () => {
  let machine: FakeMachine;
  afterEach(() => machine.dispose());

  it("lets the document's keys log in as root, once each, also when it runs again", async () => {
    const authorizedKeys = ["ssh-ed25519 AAAAone first", "ssh-ed25519 AAAAtwo second"];
    machine = new FakeMachine();
    const script = scriptFor({ ...worker, authorizedKeys });
    const { status, output } = await machine.run(script);
    assert.equal(status, 0, output);
    await machine.run(script);
    assert.equal(machine.read("root/.ssh/authorized_keys"), `${authorizedKeys.join("\n")}\n`);
    assert.equal(machine.mode("root/.ssh/authorized_keys"), "600");
  });

  it("begins a line of its own in files that an image ended without one", async () => {
    machine = new FakeMachine();
    machine.write("root/.ssh/authorized_keys", "ssh-ed25519 AAAAown image");
    machine.write("etc/hosts", "127.0.0.1 localhost");
    const { status, output } = await machine.run(
      scriptFor({ ...worker, authorizedKeys: ["ssh-ed25519 AAAAone first"] }),
    );
    assert.equal(status, 0, output);
    assert.equal(machine.read("root/.ssh/authorized_keys"), "ssh-ed25519 AAAAown image\nssh-ed25519 AAAAone first\n");
    assert.equal(machine.read("etc/hosts"), "127.0.0.1 localhost\n127.0.1.1 train-cpu-1\n");
  });

  it("makes a control plane with the document's authorities", async () => {
    machine = new FakeMachine({ packagesLater: true });
    const { status, output, calls } = await machine.run(scriptFor(controlPlane));
    assert.equal(status, 0, output);

    const { ca, frontProxyCa, etcdCa, serviceAccountKey } = controlPlane.controlPlane!;
    for (const [file, pair] of Object.entries({ ca, "front-proxy-ca": frontProxyCa, "etcd/ca": etcdCa })) {
      assert.equal(machine.read(`etc/kubernetes/pki/${file}.crt`), pair.certificate);
      assert.equal(publicHalf(machine.read(`etc/kubernetes/pki/${file}.key`)), publicHalf(pair.privateKey));
      assert.equal(machine.mode(`etc/kubernetes/pki/${file}.key`), "600");
    }
    assert.equal(publicHalf(machine.read("etc/kubernetes/pki/sa.key")), publicHalf(serviceAccountKey));
    assert.equal(machine.mode("etc/kubernetes/pki/sa.key"), "600");
    assert.equal(machine.read("etc/kubernetes/pki/sa.pub"), publicHalf(serviceAccountKey));

    const [init, cluster, ...more] = documentsOf(machine.kubeadmConfig());
    assert.deepEqual(more, []);
    assert.deepEqual(init, {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      nodeRegistration: {
        name: "train-cpu-1",
        criSocket: "unix:///run/containerd/containerd.sock",
        imagePullPolicy: "IfNotPresent",
        ignorePreflightErrors: [],
        taints: controlPlane.taints,
        kubeletExtraArgs: [
          { name: "hostname-override", value: "train-cpu-1" },
          { name: "provider-id", value: "cudo://project/train-cpu-1" },
          { name: "node-labels", value: "gpu-clusters/cluster=train" },
        ],
      },
    });
    assert.deepEqual(cluster, {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      clusterName: "train",
      kubernetesVersion: "v1.36.3",
      encryptionAlgorithm: "ECDSA-P256",
      networking: { podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/16" },
      apiServer: {
        certSANs: ["kubernetes", "10.0.0.7", "fd00::7"],
        extraArgs: [
          { name: "encryption-provider-config", value: "/etc/kubernetes/pki/encryption.yaml" },
          { name: "encryption-provider-config-automatic-reload", value: "true" },
        ],
      },
    });
    // As it is said to API servers that no script of ours starts.
    const encryption = encryptionConfiguration(controlPlane.controlPlane!.encryptionKey);
    assert.deepEqual(documentsOf(machine.read("etc/kubernetes/pki/encryption.yaml")), [JSON.parse(encryption)]);
    assert.equal(machine.mode("etc/kubernetes/pki/encryption.yaml"), "600");
    assert.deepEqual(
      of(calls, "kubeadm").at(-1),
      `kubeadm init --config ${machine.root}/${state}/kubeadm.yaml --skip-token-print --skip-certificate-key-print`,
    );
    assert.equal(machine.read("etc/hostname"), "train-cpu-1\n");
  });

  it("is a node under its own name after a reboot, without swap, whatever name servers say", async () => {
    machine = new FakeMachine();
    machine.write(
      "etc/fstab",
      "/dev/sda1 / ext4 defaults 0 1\n/swap.img\tnone\tswap\tsw\t0\t0\n# /old none swap sw 0 0\n",
    );
    machine.write("etc/hosts", "127.0.0.1 localhost train-cpu-10\n");
    await machine.run(scriptFor(worker));
    const { calls } = await machine.run(scriptFor(worker));
    assert.equal(machine.read("etc/cloud/cloud.cfg.d/99-gpu-clusters.cfg"), "manage_etc_hosts: false\n");
    assert.equal(machine.read("etc/hosts"), "127.0.0.1 localhost train-cpu-10\n127.0.1.1 train-cpu-1\n");
    assert.equal(
      machine.read("etc/fstab"),
      "/dev/sda1 / ext4 defaults 0 1\n# /swap.img\tnone\tswap\tsw\t0\t0\n# /old none swap sw 0 0\n",
    );
    assert.deepEqual(calls, ["systemd-detect-virt -cq", "swapoff -a", "systemctl start kubelet"]);
  });

  it("joins a worker that trusts the document's authority and nothing else", async () => {
    machine = new FakeMachine();
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    const [join, ...more] = documentsOf(machine.kubeadmConfig());
    assert.deepEqual(more, []);
    assert.equal(join!["kind"], "JoinConfiguration");
    assert.deepEqual(join!["discovery"], { file: { kubeConfigPath: `${machine.root}/${state}/discovery.conf` } });
    assert.deepEqual(join!["nodeRegistration"].taints, []);
    assert.equal(
      join!["nodeRegistration"].kubeletExtraArgs[2].value,
      "team=search,gpu-clusters/cluster=train,gpu-clusters/node-group=cpu,gpu-clusters/role=worker",
    );
    const discovery = parse(machine.discovery()) as Record<string, any>;
    assert.equal(discovery["clusters"][0].cluster.server, "https://10.0.0.2:6443");
    const trusted = Buffer.from(discovery["clusters"][0].cluster["certificate-authority-data"], "base64").toString();
    assert.equal(trusted.trimEnd(), worker.certificateAuthority.trimEnd());
    assert.equal(discovery["users"][0].user.token, "abcdef.0123456789abcdef");
    assert.ok(!machine.has(`${state}/discovery.conf`), "the token stays on the machine");
    assert.ok(!machine.has("etc/kubernetes/pki/ca.key"));
    assert.equal(of(calls, "kubeadm").at(-1), `kubeadm join --config ${machine.root}/${state}/kubeadm.yaml`);
  });

  it("only starts kubelet when it runs again", async () => {
    machine = new FakeMachine();
    await machine.run(scriptFor(worker));
    const { status, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0);
    assert.equal(calls.at(-1), "systemctl start kubelet");
    assert.equal(of(calls, "kubeadm").length, 0);
  });

  /** What kubeadm leaves of a node, with kubelet's certificate. */
  function hasKubeletOf(node: string): void {
    machine.write("etc/kubernetes/kubelet.conf", "kubelet got its certificate");
    machine.write("var/lib/kubelet/kubeadm-flags.env", `KUBELET_KUBEADM_ARGS="--provider-id=cudo://project/${node}"\n`);
  }

  it("is no node on a disk that was another one's, where kubelet would be that node", async () => {
    for (const before of ["train-cpu-10\n", undefined]) {
      machine = new FakeMachine();
      if (before !== undefined) machine.write(`${state}/node`, before);
      hasKubeletOf("train-cpu-10");
      const { status, output, calls } = await machine.run(scriptFor(worker));
      assert.equal(status, 1, output);
      assert.match(output, /take an image of a machine that was no node: this one was\n.*FAILED at step/);
      assert.deepEqual(calls.slice(-1), ["systemctl disable -q --now kubelet"]);
      if (before === undefined) {
        // Its packages may be gone.
        const noUnit = await machine.run(scriptFor(worker), { "BASH_FUNC_systemctl%%": "() { return 1; }" });
        assert.match(noUnit.output, /take an image of a machine that was no node/);
      } else machine.dispose();
    }
  });

  it("goes on where the power went before it was a node for good", async () => {
    machine = new FakeMachine();
    machine.write(`${state}/node`, "");
    hasKubeletOf("train-cpu-1");
    const { status, output, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0, output);
    assert.equal(of(calls, "sync").length, 1);
    assert.equal(machine.read(`${state}/node`), "train-cpu-1\n");
  });

  it("brings the control plane's components back at the next boot, wherever the renewal of certificates was cut short", async () => {
    machine = new FakeMachine();
    const { calls } = await machine.run(scriptFor(controlPlane));
    assert.ok(calls.includes("systemctl enable -q gpu-clusters-certificates"), calls.join("\n"));
    const service = machine.read("etc/systemd/system/gpu-clusters-certificates.service");
    assert.match(service, /\[Install\]\nWantedBy=multi-user\.target\n/);
    assert.match(service, /\nRequiresMountsFor=\/etc\/kubernetes\n\[Service\]/, "an encrypted disk opens late");
    const renew = machine.read(`${state}/renew-certificates`).replaceAll("/etc/", `${machine.root}/etc/`);
    const aside = "etc/kubernetes/gpu-clusters-manifests";
    machine.write("etc/kubernetes/manifests/etcd.yaml", "etcd");
    machine.write(`${aside}/kube-apiserver.yaml`, "API server");
    // Cut short while they were moved; and when they were back.
    for (let run = 0; run < 2; run++) {
      const { status, output } = await machine.run(renew);
      assert.equal(status, 0, output);
      assert.ok(!machine.has(aside));
      assert.equal(machine.read("etc/kubernetes/manifests/kube-apiserver.yaml"), "API server");
      mkdirSync(`${machine.root}/${aside}`);
    }
  });

  it("goes on after a failed kubeadm init, ignoring what the attempt left", async () => {
    machine = new FakeMachine();
    machine.breakKubeadm();
    const { status, output } = await machine.run(scriptFor(controlPlane));
    assert.equal(status, 1);
    assert.match(output, /error execution phase preflight/);
    assert.match(output, /kubelet: the journal/);
    assert.match(output, /FAILED at step: kubeadm init \(exit status 1\)\n$/);
    assert.equal(machine.read(log), output);
    assert.ok(!machine.has(`${state}/node`));

    machine.mendKubeadm();
    machine.write("etc/kubernetes/manifests/kube-apiserver.yaml", "");
    assert.equal((await machine.run(scriptFor(controlPlane))).status, 0);
    const ignored = documentsOf(machine.kubeadmConfig())[0]!["nodeRegistration"].ignorePreflightErrors as string[];
    assert.ok(ignored.includes("Port-6443") && ignored.includes("DirAvailable--var-lib-etcd"), ignored.join());
    assert.ok(ignored.includes("FileAvailable--etc-kubernetes-manifests-etcd.yaml"));
    assert.ok(machine.has(`${state}/node`));
  });

  it("tries to join several times, and does not join twice", async () => {
    machine = new FakeMachine();
    machine.breakKubeadm();
    const failed = await machine.run(scriptFor(worker));
    assert.equal(failed.status, 1);
    assert.equal(of(failed.calls, "kubeadm").filter((call) => call.startsWith("kubeadm join")).length, 10);

    machine.mendKubeadm();
    machine.write("etc/kubernetes/kubelet.conf", "kubelet got its certificate");
    const { status, calls } = await machine.run(scriptFor(worker));
    assert.equal(status, 0);
    assert.ok(!calls.some((call) => call.startsWith("kubeadm join")));
    assert.ok(machine.has(`${state}/node`));
  });

  it("has no secret in its log, whether it fails or not", async () => {
    machine = new FakeMachine();
    const { ca, etcdCa, serviceAccountKey, encryptionKey } = controlPlane.controlPlane!;
    const secrets = [ca.privateKey, etcdCa.privateKey, serviceAccountKey].map((key) => key.split("\n")[1]!);
    secrets.push(encryptionKey!);
    await machine.run(scriptFor(controlPlane));
    const first = machine.read(log);
    machine.dispose();
    machine = new FakeMachine();
    machine.breakKubeadm();
    await machine.run(scriptFor(worker));
    const text = first + machine.read(log);
    for (const secret of [...secrets, "0123456789abcdef"]) assert.ok(!text.includes(secret));
    assert.match(text, /kubeadm join/);
  });

  it("refuses to run with placeholders", async () => {
    machine = new FakeMachine();
    const { status, output, calls } = await machine.run(
      renderBootstrapScript(worker, { delivery: "cudo-start-script" }),
    );
    assert.equal(status, 1);
    assert.match(output, /still has placeholders/);
    assert.deepEqual(calls, [""]);
  });

  it("takes nothing of the document for more than it says, and fails where it cannot read it", async () => {
    const attacks: [Partial<NodeDocument>, string][] = [
      [{ authorizedKeys: ['ssh-ed25519 AAAA a\ncommand="reboot" ssh-ed25519 BBBB b'] }, "authorizedKeys[0]"],
      [{ nodeName: "node 127.0.0.1 api" }, "nodeName"],
      [{ kubernetesVersion: "1.36.3 --allow-unauthenticated" }, "kubernetesVersion"],
      [{ endpoint: "https://evil/#:6443" }, "endpoint"],
      [{ providerId: 'x"}' }, "providerId"],
      [{ bootstrapToken: "abc" }, "bootstrapToken"],
      [{ labels: { gpu: true as unknown as string, 'a"b': "c" } }, 'labels["gpu"], labels'],
      [{ role: "worker; reboot" as "worker" }, "role"],
      [{ labels: undefined as never }, ""],
    ];
    for (const [change, path] of attacks) {
      machine?.dispose();
      machine = new FakeMachine();
      const { status, output, calls } = await machine.run(scriptFor({ ...worker, ...change }));
      assert.equal(status, 1, output);
      if (path) assert.ok(output.includes(`not of a form that can be used: ${path}\n`), output);
      assert.match(output, /FAILED at step: the node document/);
      assert.deepEqual([calls, machine.has("root/.ssh"), machine.has("etc/fstab")], [[""], false, false]);
    }
  });

  it("gives GPUs to containers where the driver is, and says where it is not", async () => {
    machine = new FakeMachine();
    const { calls } = await machine.run(scriptFor(gpuWorker));
    const restart = calls.indexOf("systemctl restart containerd");
    const configured = calls.findIndex((call) =>
      call.startsWith("nvidia-ctk runtime configure --runtime=containerd --cdi.enabled --config="),
    );
    assert.ok(configured >= 0 && configured < restart);
    assert.ok(!calls.some((call) => call.includes("--set-as-default")));
    // No pod may help itself to GPUs by an environment variable.
    assert.ok(
      calls.includes("nvidia-ctk config --in-place --set accept-nvidia-visible-devices-envvar-when-unprivileged=false"),
    );
    assert.ok(!calls.some((call) => call.startsWith("apt-get")), calls.join("\n"));
    assert.deepEqual(documentsOf(machine.kubeadmConfig())[0]!["nodeRegistration"].taints, gpuWorker.taints);
    machine.dispose();

    machine = new FakeMachine({ without: ["nvidia-smi", "nvidia-ctk"] });
    const without = await machine.run(scriptFor(gpuWorker));
    assert.equal(without.status, 0);
    assert.match(without.output, /no NVIDIA driver here/);
    machine.dispose();

    machine = new FakeMachine();
    machine.breakGpus("Failed to initialize NVML: Driver/library version mismatch\n");
    const broken = await machine.run(scriptFor(gpuWorker));
    assert.equal(broken.status, 1);
    assert.match(broken.output, /version mismatch[^]*finds no GPU that works[^]*FAILED at step: NVIDIA driver/);
  });

  it("takes back that an image made NVIDIA's runtime everybody's, and a toolkit that is too old for CDI", async () => {
    machine = new FakeMachine({ without: ["nvidia-cdi-hook"] });
    const config = '# Kept by gpu-clusters\nSystemdCgroup = false\n      default_runtime_name = "nvidia"\n';
    machine.write("etc/containerd/config.toml", config);
    const { status, calls } = await machine.run(scriptFor(gpuWorker));
    assert.equal(status, 0);
    assert.ok(calls.some((call) => call.endsWith("install -y --no-install-recommends nvidia-container-toolkit")));
    assert.match(machine.read("etc/containerd/config.toml"), /default_runtime_name = "runc"/);
  });

  it("bridges pods where the document says so, on any role", async () => {
    machine = new FakeMachine();
    assert.equal((await machine.run(scriptFor({ ...worker, cni: "bridge" }))).status, 0);
    const { plugins } = JSON.parse(machine.read("etc/containerd/cni.template")) as { plugins: { type: string }[] };
    assert.deepEqual(
      plugins.map(({ type }) => type),
      ["bridge", "portmap"],
    );
    assert.equal(
      machine.read("etc/containerd/config.toml"),
      '# Kept by gpu-clusters\nSystemdCgroup = true\n    sandbox_image = "registry.k8s.io/pause:3.10.2"\n' +
        '      conf_template = "/etc/containerd/cni.template"\n',
    );
  });

  it("leaves Secrets in etcd as they are where there is no key for them, as in clusters from before", async () => {
    machine = new FakeMachine();
    const { encryptionKey, ...older } = controlPlane.controlPlane!;
    assert.ok(encryptionKey);
    assert.equal((await machine.run(scriptFor({ ...controlPlane, controlPlane: older }))).status, 0);
    const [, cluster] = documentsOf(machine.kubeadmConfig());
    assert.deepEqual(Object.keys(cluster!["apiServer"] as object), ["certSANs"]);
    assert.throws(() => machine.read("etc/kubernetes/pki/encryption.yaml"), /ENOENT/);
  });

  it("leaves out kube-proxy where the CNI replaces it, and names the endpoint where there is one", async () => {
    machine = new FakeMachine();
    const document = {
      ...controlPlane,
      endpoint: "https://api.example:443",
      controlPlane: { ...controlPlane.controlPlane!, kubeProxy: false },
    };
    await machine.run(scriptFor(document));
    const [init, cluster] = documentsOf(machine.kubeadmConfig());
    assert.deepEqual(init!["skipPhases"], ["addon/kube-proxy"]);
    assert.equal(cluster!["controlPlaneEndpoint"], "api.example:443");
  });

  it("does as the machine's own overrides say", async () => {
    machine = new FakeMachine();
    machine.write(
      "etc/gpu-clusters/overrides.env",
      "IGNORE_PREFLIGHT=SystemVerification,Swap\nKUBERNETES_PACKAGES=none\n",
    );
    machine.write(
      "etc/gpu-clusters/kubeadm-extra.yaml",
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailCgroupV1: false\n",
    );
    assert.equal((await machine.run(scriptFor(controlPlane))).status, 0);
    const [init, , kubelet] = documentsOf(machine.kubeadmConfig());
    assert.deepEqual(init!["nodeRegistration"].ignorePreflightErrors, ["SystemVerification", "Swap"]);
    assert.equal(kubelet!["failCgroupV1"], false);
    machine.dispose();

    machine = new FakeMachine({ without: ["kubeadm"] });
    machine.write("etc/gpu-clusters/overrides.env", "KUBERNETES_PACKAGES=none\n");
    const { status, output } = await machine.run(scriptFor(worker));
    assert.equal(status, 1);
    assert.match(output, /are not all on this image, and KUBERNETES_PACKAGES=none/);
    assert.match(output, /FAILED at step: install containerd and Kubernetes 1\.36\.3/);
  });
});
