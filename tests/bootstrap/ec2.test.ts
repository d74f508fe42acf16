import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { placeholders } from "../../bootstrap/document";
import { completeEc2Document, type Ec2Member } from "../../bootstrap/ec2";
import { controlPlane, gpuWorker } from "./documents";
import { documents, keys, parameters, scriptFrom, scriptOf, token } from "./ec2-documents";
import { Ec2Services } from "./ec2-services";
import { FakeMachine } from "./machine";

const { ca, etcdCa } = keys.controlPlane;
const facts = {
  nodeName: "ip-10-0-64-9.us-west-2.compute.internal",
  providerId: "aws:///us-west-2b/i-0123456789abcdef0",
};

describe("an EC2 instance", () => {
  let machine: FakeMachine;
  let services: Ec2Services;
  let environment: Record<string, string>;

  beforeEach(async () => {
    machine = new FakeMachine();
    services = new Ec2Services();
    environment = await services.start();
    services.parameters.set(parameters.keys, JSON.stringify(keys));
    services.parameters.set(parameters.join, JSON.stringify({ bootstrapToken: token }));
  });
  afterEach(async () => {
    machine.dispose();
    await services.stop();
  });

  it("becomes the control plane with the keys of its parameter, and keeps a token for nodes there", async () => {
    const { status, output, calls } = await machine.run(scriptOf("ec2-control-plane"), environment);
    assert.equal(status, 0, output);
    assert.deepEqual(services.requests, ["GetParameter 200"]);
    assert.equal(machine.read("var/lib/gpu-clusters/ec2-cluster"), "train\n");
    assert.equal(machine.read("etc/kubernetes/pki/ca.key"), ca.privateKey);
    assert.equal(machine.read("etc/kubernetes/pki/etcd/ca.crt"), etcdCa.certificate);
    const config = machine.kubeadmConfig();
    for (const text of Object.values(facts)) assert.ok(config.includes(text), text);
    assert.match(config, /certSANs: \["kubernetes", "203.0.113.7", "10.0.0.7"/);
    const service = machine.read("etc/systemd/system/gpu-clusters-join.service");
    assert.match(service, /kubeadm token create --ttl 24h \| python3 \S+ publish \/gpu-clusters\/train\/join'/);
    assert.match(service, /^TimeoutStartSec=1h$/m, "one that hangs would be the last");
    assert.ok(calls.includes("systemctl start --no-block gpu-clusters-join.service"), calls.join("\n"));
    assert.match(machine.read("etc/systemd/system/gpu-clusters-certificates.service"), /^TimeoutStartSec=1h$/m);

    const publish = [join(machine.root, "var/lib/gpu-clusters/ec2.py"), "publish", parameters.join];
    const publishing = spawnAsync("python3", publish, "uvwxyz.0123456789abcdef\n", environment);
    assert.equal(await publishing, 0);
    assert.deepEqual(JSON.parse(services.parameters.get(parameters.join)!), {
      bootstrapToken: "uvwxyz.0123456789abcdef",
    });
    // Of a kubeadm that failed: another control plane's token stays.
    assert.equal(await spawnAsync("python3", publish, "", environment), 1);
    assert.match(services.parameters.get(parameters.join)!, /uvwxyz/);
  });

  it("goes on after a power cut with what is to run on a control plane beside its node", async () => {
    const script = scriptOf("ec2-control-plane");
    const whole = await machine.run(script, environment);
    machine.dispose();
    machine = new FakeMachine();
    await machine.run(script, { ...environment, GPU_CLUSTERS_UNIT: "" });
    const at = whole.calls.findIndex((call) => call.startsWith("sync")) + 2;
    assert.equal((await machine.run(script, { ...environment, CUT_AT: String(at) })).status, null);
    const left = ["node", "approver.py"].map((file) => machine.has(`var/lib/gpu-clusters/${file}`));
    assert.deepEqual(left, [true, false]);

    const unit = machine.read("etc/systemd/system/gpu-clusters.service");
    assert.ok(!machine.has(/^ConditionPathExists=!\/(.*)$/m.exec(unit)![1]!), "nothing would run at the next boot");
    const { status, output, calls } = await machine.run(script, environment);
    assert.equal(status, 0, output);
    assert.ok(machine.has("var/lib/gpu-clusters/approver.py"));
    assert.ok(!calls.some((call) => call.startsWith("kubeadm init")), calls.join("\n"));
  });

  it("joins with the token that is there by then, though role and token come late", async () => {
    services.parameters.set(parameters.join, "{}");
    services.failures = [400];
    services.afterwards.set(parameters.join, JSON.stringify({ bootstrapToken: token }));
    const { status, output } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 0, output);
    assert.match(machine.discovery(), new RegExp(`token: "${token}"`));
    for (const text of Object.values(facts)) assert.ok(machine.kubeadmConfig().includes(text), text);
    const log = machine.read("var/log/gpu-clusters-bootstrap.log");
    assert.match(log, /ssm:GetParameter: 400/);
    assert.match(log, /has not left a token/);
    assert.doesNotMatch(log, new RegExp(token));
  });

  it("asks again where the metadata service has an empty answer, instead of joining under half a name", async () => {
    for (const path of ["instance-id", "placement/availability-zone"]) {
      const [value, other] = [services.metadata[path]!, new FakeMachine()];
      let asked = 0;
      Object.defineProperty(services.metadata, path, { configurable: true, get: () => (asked++ === 0 ? "" : value) });
      const { status, output } = await other.run(scriptOf("ec2-worker"), environment);
      assert.equal(status, 0, output);
      assert.ok(asked > 1, path);
      assert.ok(other.kubeadmConfig().includes("aws:///us-west-2b/i-0123456789abcdef0"), path);
      assert.match(
        other.read("var/log/gpu-clusters-bootstrap.log"),
        new RegExp(`the metadata service says nothing of ${path}`),
      );
      other.dispose();
    }
  });

  it("asks for the token again when it was refused, and gives up when it is refused twice", async () => {
    const fresh = "uvwxyz.0123456789abcdef";
    services.afterwards.set(parameters.join, JSON.stringify({ bootstrapToken: fresh }));
    const refuse = "error: couldn't validate the identity of the API Server: failed to request: Unauthorized";
    machine.breakKubeadm(refuse, fresh);
    const first = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(first.status, 0, first.output);
    assert.match(first.output, /Unauthorized[^]*attempt 1 of 10 failed/);
    assert.match(machine.discovery(), new RegExp(`token: "${fresh}"`));
    assert.doesNotMatch(first.output, /[a-z0-9]{6}\.[a-z0-9]{16}/);

    machine.dispose();
    machine = new FakeMachine();
    machine.breakKubeadm(refuse);
    const second = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(second.status, 1);
    assert.match(second.output, /attempt 2 of 10 failed[^]*FAILED at step: kubeadm join/);
    assert.doesNotMatch(second.output, /attempt 3/);
  });

  it("keeps to the token that it has while SSM does not answer", async () => {
    machine.breakKubeadm("error: connection refused");
    services.failures = [undefined, ...Array<number>(9).fill(500)];
    const { status, output } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 1);
    assert.match(output, /attempt 10 of 10 failed[^]*FAILED at step: kubeadm join/);
    assert.match(machine.read("var/lib/gpu-clusters/discovery.conf"), new RegExp(`token: "${token}"`));
  });

  describe("one of several control planes", () => {
    const userData = (member: Ec2Member) => scriptFrom({ ...documents["ec2-control-plane-member"]!, member });
    const etcHosts = () => machine.read("etc/hosts").trim().split("\n");

    it("begins the cluster as the first, without asking the load balancer for itself", async () => {
      services.parameters.set(parameters.join, "{}");
      const { status, output, calls } = await machine.run(userData("first"), environment);
      assert.equal(status, 0, output);
      assert.deepEqual(services.requests, ["GetParameter 200", "GetParameter 200"]);
      const config = machine.kubeadmConfig();
      assert.match(config, /kind: InitConfiguration/);
      assert.match(config, /controlPlaneEndpoint: 'train-api.elb.example:6443'/);
      assert.match(config, /name: cloud-provider, value: external/);
      assert.ok(etcHosts().includes("127.0.0.1 train-api.elb.example"), etcHosts().join("\n"));
      assert.ok(calls.includes("systemctl start --no-block gpu-clusters-join.service"));
    });

    it("joins with the cluster's keys as another, once there is a token", async () => {
      services.parameters.set(parameters.join, "{}");
      services.afterwards.set(parameters.join, JSON.stringify({ bootstrapToken: token }));
      const { status, output, calls } = await machine.run(userData("other"), environment);
      assert.equal(status, 0, output);
      const config = machine.kubeadmConfig();
      assert.match(config, /kind: JoinConfiguration/);
      assert.match(config, /^controlPlane: \{localAPIEndpoint: \{bindPort: 6443\}\}$/m);
      assert.match(machine.discovery(), /server: "https:\/\/train-api.elb.example:6443"/);
      // A worker's token is good for no control plane's name.
      assert.doesNotMatch(machine.discovery(), new RegExp(token));
      assert.match(machine.discovery(), /user: \{client-certificate-data: \S*, client-key-data: \S+\}/);
      assert.equal(machine.read("etc/kubernetes/pki/etcd/ca.key"), etcdCa.privateKey);
      assert.ok(etcHosts().includes("127.0.0.1 train-api.elb.example"), etcHosts().join("\n"));
      assert.ok(!calls.some((call) => call.startsWith("kubeadm reset")));
      assert.match(machine.read("var/log/gpu-clusters-bootstrap.log"), /the first control plane has not left a token/);
    });

    it("joins as the first that is made anew, so that there are never two clusters behind one address", async () => {
      const { status, output } = await machine.run(userData("first"), environment);
      assert.equal(status, 0, output);
      assert.match(machine.kubeadmConfig(), /kind: JoinConfiguration/);
    });

    it("undoes what an attempt left before it tries again", async () => {
      machine.breakKubeadm();
      const first = await machine.run(userData("other"), environment);
      assert.equal(first.status, 1);
      assert.match(first.output, /attempt 5 of 5 failed/);
      const resets = first.calls.filter((call) => call.startsWith("kubeadm reset --force"));
      assert.equal(resets.length, 4);
      assert.ok(!machine.read("etc/hosts").includes("train-api"), "it is no API server yet");
      machine.mendKubeadm();
      const second = await machine.run(userData("other"), environment);
      assert.equal(second.status, 0, second.output);
      assert.ok(second.calls.some((call) => call.startsWith("kubeadm reset --force")));
    });
  });

  it("believes of the nodes' parameter the token and nothing else", async () => {
    const lies = {
      authorizedKeys: ["ssh-ed25519 AAAA evil"],
      endpoint: "https://evil.example:6443",
      certificateAuthority: "EVIL",
      nodeName: "control-plane",
      labels: { evil: "yes" },
    };
    const parameter = JSON.stringify({ bootstrapToken: token, ...lies });
    services.parameters.set(parameters.join, parameter);
    const { status, output } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 0, output);
    assert.ok(!machine.has("root/.ssh/authorized_keys") && !machine.has("etc/fstab"));
    assert.doesNotMatch(machine.discovery() + machine.kubeadmConfig(), /evil|EVIL/);
    assert.match(machine.kubeadmConfig(), new RegExp(facts.nodeName));
    const document = documents["ec2-worker"]!;
    assert.deepEqual(
      completeEc2Document(document, facts, { parameter }),
      completeEc2Document(document, facts, { parameter: JSON.stringify({ bootstrapToken: token }) }),
    );
    const noToken = JSON.stringify({ bootstrapToken: `${token}"\nuser: {}` });
    assert.throws(() => completeEc2Document(document, facts, { parameter: noToken }), /is no token/);
    machine.dispose();
    machine = new FakeMachine();
    services.parameters.set(parameters.join, noToken);
    const refused = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(refused.status, 1);
    assert.match(machine.read("var/log/gpu-clusters-bootstrap.log"), /holds is no token/);
  });

  it("is made a node by a unit, which tries again until it is one: cloud-init runs user data once", async () => {
    const script = scriptOf("ec2-worker");
    const { status, calls } = await machine.run(script, { ...environment, GPU_CLUSTERS_UNIT: "" });
    assert.equal(status, 0);
    assert.deepEqual(services.requests, []);
    assert.equal(machine.read("var/lib/gpu-clusters/start"), script);
    assert.equal(machine.mode("var/lib/gpu-clusters/start"), "700");
    const unit = machine.read("etc/systemd/system/gpu-clusters.service");
    const done = "/var/lib/gpu-clusters/done";
    const ends = `ExecStartPost=/bin/sh -c 'sync && touch ${done}'`;
    for (const line of ["Restart=on-failure", `ConditionPathExists=!${done}`, ends, "Type=oneshot"])
      assert.ok(unit.split("\n").includes(line), line);
    assert.equal(calls.at(-1), "systemctl start --no-block gpu-clusters.service");
  });

  it("does not take itself for a node because the instance was one that its image was made of", async () => {
    const [node, done, notice] = ["node", "done", "notice"].map((file) => `var/lib/gpu-clusters/${file}`) as [
      string,
      string,
      string,
    ];
    machine.write("var/lib/cloud/data/instance-id", "i-0123456789abcdef0\n");
    for (const [instance, stays] of [
      ["i-0123456789abcdef0", true],
      ["i-0fedcba9876543210", false],
    ] as const) {
      machine.write(
        "var/lib/kubelet/kubeadm-flags.env",
        `KUBELET_KUBEADM_ARGS="--provider-id=aws:///us-west-2b/${instance}"\n`,
      );
      machine.write(node, "ip-10-0-64-8.us-west-2.compute.internal\n");
      for (const file of [done, notice]) machine.write(file, "");
      const { status, output } = await machine.run(scriptOf("ec2-worker"), { ...environment, GPU_CLUSTERS_UNIT: "" });
      assert.equal(status, 0, output);
      assert.deepEqual(
        [node, done, notice].map((file) => machine.has(file)),
        [stays, stays, stays],
      );
    }
    const { status, output, calls } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 1, output);
    assert.match(machine.read("var/log/gpu-clusters-bootstrap.log"), /take an image of a machine that was no node/);
    assert.ok(calls.includes("systemctl disable -q --now kubelet"), calls.join("\n"));
  });

  it("starts kubelet without swap at later boots, too, when no script runs and an image's own units bring some", async () => {
    await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(
      machine.read("etc/systemd/system/kubelet.service.d/20-swap.conf"),
      "[Service]\nExecStartPre=-/bin/sh -c 'systemd-detect-virt -cq || swapoff -a'\n",
    );
  });

  it("gives up with the reason in its log", async () => {
    services.parameters.delete(parameters.join);
    const { status } = await machine.run(scriptOf("ec2-worker"), environment);
    assert.equal(status, 1);
    assert.match(
      machine.read("var/log/gpu-clusters-bootstrap.log"),
      /ParameterNotFound[^]*FAILED at step: ask EC2 and SSM/,
    );
  });

  it("acts on the same document as completeEc2Document gives", () => {
    const [ofKeys, join] = [JSON.stringify(keys), JSON.stringify({ bootstrapToken: token })];
    const worker = completeEc2Document(documents["ec2-worker"]!, facts, { parameter: join });
    assert.deepEqual(worker, { ...gpuWorker, ...facts, bootstrapToken: token });
    assert.equal(completeEc2Document(documents["ec2-worker"]!, facts, { parameter: "{}" }), undefined);
    const alone = completeEc2Document(documents["ec2-control-plane"]!, facts, { parameter: ofKeys });
    assert.deepEqual(alone?.controlPlane, {
      ...controlPlane.controlPlane,
      certificateNames: ["kubernetes", "203.0.113.7"],
    });
    assert.equal(JSON.stringify(alone).includes(placeholders.nodeName), false);
    const other = documents["ec2-control-plane-member"]!;
    const joining = completeEc2Document(other, facts, { parameter: ofKeys, joinParameter: join })!;
    assert.deepEqual([joining.bootstrapToken, joining.cloudProvider, "member" in joining], [token, "external", false]);
    assert.equal(completeEc2Document(other, facts, { parameter: ofKeys, joinParameter: "{}" }), undefined);
    const first = completeEc2Document({ ...other, member: "first" }, facts, { parameter: ofKeys, joinParameter: "{}" });
    assert.equal(first?.bootstrapToken, undefined);
    assert.ok(first?.controlPlane?.ca);
  });
});

function spawnAsync(command: string, args: string[], input: string, environment: Record<string, string>) {
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.end(input);
  return new Promise<number | null>((resolve) => child.once("close", resolve));
}
