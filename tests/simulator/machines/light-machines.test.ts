import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nvidiaDevicePlugin } from "../../../components/versions";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { makeAuthority } from "../../../provider/kubernetes/certificates";
import { mintBootstrapToken, tokenGroups } from "../../../provider/kubernetes/bootstrap-token";
import { bootstrapCertificate, newKey } from "../../../simulator/machines/worker/tls-bootstrap";
import { ApiConnection } from "../../../simulator/machines/api-connection";
import { identifyProcess } from "../../../simulator/machines/light/process-identity";
import { powerLabel } from "../../../simulator/machines/power-label";
import { adminKubeconfig, answering, testCluster, type TestCluster } from "./test-cluster";
import { until } from "../../until";

const pod = (name: string, spec: object) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    containers: [{ name: "main", image: "example.test/image", resources: { limits: { "nvidia.com/gpu": "1" } } }],
    ...spec,
  },
});

/** What is told of it in the simulator: its image, and how often it shares a GPU. */
const devicePlugin = (name: string, nodeName: string, replicas?: number) => {
  const settings = { sharing: { timeSlicing: { resources: [{ name: "nvidia.com/gpu", replicas }] } } };
  const annotations: Record<string, string> =
    replicas === undefined ? {} : { "gpu-clusters/device-plugin": JSON.stringify(settings) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", annotations },
    spec: { nodeName, containers: [{ name: "device-plugin", image: nvidiaDevicePlugin }] },
  };
};

describe("light machines", function () {
  let cluster: TestCluster;

  before(async () => {
    cluster = await testCluster();
    await cluster.control.start();
    await answering(cluster);
  });

  after(() => cluster.close());

  const pidsOf = (machine: string) => {
    const run = join(cluster.directory, `test~project~${machine}`, "run");
    return Object.fromEntries(
      readdirSync(run).map((file) => [
        file.replace(".pid", ""),
        (JSON.parse(readFileSync(join(run, file), "utf8")) as { pid: number }).pid,
      ]),
    );
  };

  describe("a control plane", () => {
    it("serves with a certificate for the document's names, under the document's CA", async () => {
      const kubeconfig = await adminKubeconfig(cluster.documents.controlPlane, cluster.address, "api.example.test");
      assert.equal(await kubernetesApi(kubeconfig).text("/readyz"), "ok");
      const other = await adminKubeconfig(cluster.documents.controlPlane, cluster.address, "other.example.test");
      await assert.rejects(kubernetesApi(other).text("/readyz"), /other\.example\.test/);
    });

    it("lets anybody read cluster-info, and nothing else", async () => {
      const { endpoint, certificateAuthority } = parseKubeconfig(cluster.kubeconfig);
      const anonymous = new ApiConnection({ endpoint, certificateAuthority: certificateAuthority! }, { token: "" });
      const info = "/api/v1/namespaces/kube-public/configmaps/cluster-info";
      const signal = AbortSignal.timeout(60_000);
      await until("cluster-info is there", async () => anonymous.request("GET", info, signal));
      const { data } = await anonymous.request<{ data: { kubeconfig: string } }>("GET", info, signal);
      assert.match(data.kubeconfig, new RegExp(`https://${cluster.address}:6443`));
      await assert.rejects(
        anonymous.request("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", signal),
        { statusCode: 403 },
      );
      anonymous.close();
    });

    it("is a node itself, tainted as kubeadm does", async () => {
      await cluster.nodeIs("control", "True");
      await until("the control plane is marked", async () => {
        const labels = (await cluster.node("control"))?.metadata.labels ?? {};
        return labels["node-role.kubernetes.io/control-plane"] === "" && labels["gpu-clusters/role"] === "control";
      });
      const { taints } = (await cluster.node("control"))!["spec"] as { taints: object[] };
      assert.ok(JSON.stringify(taints).includes('"key":"node-role.kubernetes.io/control-plane"'));
    });

    it("restarts a component that dies, and says so on the console", async () => {
      const { "kube-scheduler": pid } = pidsOf("control");
      process.kill(pid!, "SIGKILL");
      await until("the scheduler is back", async () => (pidsOf("control")["kube-scheduler"] ?? pid) !== pid);
      assert.match(
        await cluster.control.console(),
        /kube-scheduler\.service: main process exited, signal=SIGKILL; restarting/,
      );
    });
  });

  describe("a worker", () => {
    it("joins with its labels, taints, provider id and GPUs, and runs pods", async () => {
      const worker = cluster.worker(
        "gpu-1",
        {
          bootstrapToken: await cluster.token("gpu-1"),
          providerId: "cudo://project/gpu-1",
          labels: { "gpu-clusters/node-group": "gpu", "gpu-clusters/role": "worker" },
          taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
          gpu: { vendor: "nvidia", count: 2 },
        },
        { gpus: { count: 2, model: "A100" } },
      );
      await worker.start();
      assert.equal(worker.state, "running");
      await cluster.nodeIs("gpu-1", "True");
      const node = (await cluster.node("gpu-1"))!;
      const { providerID, taints } = node["spec"] as { providerID: string; taints?: { key: string }[] };
      const { capacity, allocatable, nodeInfo, addresses } = node["status"] as Record<string, any>;
      assert.equal(providerID, "cudo://project/gpu-1");
      assert.equal(node.metadata.labels!["gpu-clusters/node-group"], "gpu");
      assert.ok(taints!.some(({ key }) => key === "nvidia.com/gpu"));
      assert.deepEqual([capacity.cpu, capacity.memory, capacity.pods], ["4", "16Gi", "110"]);
      assert.equal(allocatable["nvidia.com/gpu"], undefined, "GPUs that nobody advertises are there for nobody");
      assert.equal(nodeInfo.kubeletVersion, `v${cluster.documents.controlPlane.kubernetesVersion}`);
      assert.ok(addresses.some(({ address }: { address: string }) => address === worker.spec.address));

      const tolerations = [{ key: "nvidia.com/gpu", operator: "Exists" }];
      await until("the default service account is there", async () =>
        cluster.api.read({ apiVersion: "v1", kind: "ServiceAccount", namespace: "default", name: "default" }),
      );
      const running = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "on-gpu" };
      const gpus = async () => {
        const { status } = (await cluster.node("gpu-1"))! as { status?: any };
        return [status.capacity["nvidia.com/gpu"], status.allocatable["nvidia.com/gpu"]] as string[];
      };
      await cluster.api.create(devicePlugin("whole", "gpu-1"));
      await until("the plugin advertises them", async () => (await gpus()).join() === "2,2");
      await cluster.api.create(devicePlugin("shared", "gpu-1", 4));
      await until("each is shared by four", async () => (await gpus()).join() === "8,8");
      await cluster.api.delete({ ...running, name: "shared" });
      await until("they are whole again", async () => (await gpus()).join() === "2,2");
      await cluster.api.create(pod("on-gpu", { tolerations }));
      await until(
        "the pod runs",
        async () => ((await cluster.api.read(running))!["status"] as { phase: string }).phase === "Running",
      );
      const { nodeName } = (await cluster.api.read(running))!["spec"] as { nodeName: string };
      assert.equal(nodeName, "gpu-1");
      const log = "/api/v1/namespaces/default/pods/on-gpu/log";
      assert.match(await cluster.api.text(log), /light machines run no containers/);
    });

    it("has a node that is not ready at once, where it is told so", async () => {
      const worker = cluster.worker("slow", { bootstrapToken: await cluster.token("slow") }, { readyAfterMs: 3_000 });
      await worker.start();
      await cluster.nodeIs("slow", "True");
      const { metadata, ...node } = (await cluster.node("slow"))!;
      const { conditions } = node["status"] as { conditions: { type: string; lastTransitionTime: string }[] };
      const { lastTransitionTime } = conditions.find(({ type }) => type === "Ready")!;
      // Both are whole seconds.
      assert.ok(Date.parse(lastTransitionTime) - Date.parse(metadata.creationTimestamp!) >= 2_000, lastTransitionTime);
      await worker.terminate();
    });

    it("retries until the API server knows its token", async () => {
      const worker = cluster.worker("early", { bootstrapToken: "abc123.0123456789abcdef" });
      await worker.start();
      await until("it was refused", async () => (await worker.console()).includes("Unauthorized"));
      await createToken("abc123", new Date(Date.now() + 3_600_000), "early");
      await cluster.nodeIs("early", "True");
      await worker.terminate();
    });

    it("does not join with a wrong token, an expired one, or another CA, and says why in kubelet's words", async () => {
      await createToken("old123", new Date(Date.now() - 60_000));
      const { certificate } = await makeAuthority("kubernetes");
      const refused = [
        [cluster.worker("wrong-token", { bootstrapToken: "ffffff.ffffffffffffffff" }), /Unauthorized/],
        [cluster.worker("expired-token", { bootstrapToken: "old123.0123456789abcdef" }), /Unauthorized/],
        [
          cluster.worker("wrong-ca", {
            bootstrapToken: await cluster.token("wrong-ca"),
            certificateAuthority: certificate,
          }),
          /x509: certificate signed by unknown authority/,
        ],
        [
          cluster.worker("wrong-name", {
            bootstrapToken: await cluster.token("wrong-name"),
            tlsServerName: "elsewhere",
          }),
          /x509: .*elsewhere/,
        ],
        [
          cluster.worker("nobody-there", {
            bootstrapToken: "ffffff.ffffffffffffffff",
            endpoint: `https://${cluster.address}:6444`,
          }),
          /dial tcp .*: connect: connection refused/,
        ],
      ] as const;
      for (const [worker, words] of refused) {
        await worker.start();
        await until(`${worker.spec.name} says why`, async () => words.test(await worker.console()));
        assert.equal(worker.state, "running");
        assert.equal(await cluster.node(worker.spec.name), undefined);
        await worker.terminate();
      }
    });

    it("gets no certificate but its own, with whatever token, and its own token is good for no other machine", async () => {
      const { endpoint, certificateAuthority } = cluster.documents.worker("any", {});
      const server = { endpoint: endpoint!, certificateAuthority, serverName: "kubernetes" };
      const attack = async (token: string, name: string, key: string) =>
        bootstrapCertificate(server, token, name, key, AbortSignal.timeout(3_000)).then(
          () => assert.fail(`${name} was given a certificate`),
          (error: Error) => assert.doesNotMatch(error.message, /Unauthorized|forbidden/),
        );
      const own = await cluster.token("attacker");
      const unbound = await mintBootstrapToken(cluster.api, { ttlHours: 1, description: "tests" });
      const names = ["control", "not-yet-there", "gpu-1"];
      await Promise.all(
        [own, unbound].flatMap((token) => names.map(async (each) => attack(token, each, await newKey()))),
      );
      const worker = cluster.worker("attacker", { bootstrapToken: own });
      await worker.start();
      await cluster.nodeIs("attacker", "True");
      const token = {
        apiVersion: "v1",
        kind: "Secret",
        namespace: "kube-system",
        name: `bootstrap-token-${own.slice(0, 6)}`,
      };
      await until("its token is spent", async () => (await cluster.api.read(token)) === undefined);
      await worker.terminate();
      await cluster.api.delete({ apiVersion: "v1", kind: "Node", name: "attacker" });
      const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
      assert.equal(await cluster.api.read({ ...binding, name: "kubeadm:node-autoapprove-bootstrap" }), undefined);
    });

    it("may not give itself labels of Kubernetes' own", async () => {
      const worker = cluster.worker("boastful", {
        bootstrapToken: await cluster.token("boastful"),
        labels: { "node-role.kubernetes.io/worker": "" },
      });
      await worker.start();
      await until("it is refused", async () =>
        (await worker.console()).includes("is not allowed to set the following labels"),
      );
      await worker.terminate();
    });

    it("goes NotReady when it is stopped and comes back with the same certificate and node", async () => {
      const worker = cluster.worker("steady", { bootstrapToken: await cluster.token("steady") });
      await worker.start();
      await cluster.nodeIs("steady", "True");
      const { uid } = (await cluster.node("steady"))!.metadata;
      await worker.stop();
      assert.equal(worker.state, "stopped");
      await cluster.nodeIs("steady", "False");
      await worker.start();
      await cluster.nodeIs("steady", "True");
      assert.equal((await cluster.node("steady"))!.metadata.uid, uid);
      assert.equal((await worker.console()).match(/certificate for system:node:steady issued/g)?.length, 1);
      await worker.terminate();
    });

    it("is left alone by kwok after a power cut", async () => {
      const worker = cluster.worker("cut", { bootstrapToken: await cluster.token("cut") });
      const other = cluster.worker("kept", { bootstrapToken: await cluster.token("kept") });
      await Promise.all([worker.start(), other.start()]);
      await Promise.all([cluster.nodeIs("cut", "True"), cluster.nodeIs("kept", "True")]);
      await worker.powerCut();
      // kwok mends a node that it manages, in the order of events: when it has mended the second, it would have mended the first.
      await notReady("cut");
      await notReady("kept");
      await cluster.nodeIs("kept", "True");
      await cluster.nodeIs("cut", "False");
      await Promise.all([worker.terminate(), other.terminate()]);
    });

    it("leaves its Node and nothing on disk when it is terminated", async () => {
      const worker = cluster.worker("gone", { bootstrapToken: await cluster.token("gone") });
      await worker.start();
      await cluster.nodeIs("gone", "True");
      await worker.terminate();
      assert.ok(!readdirSync(cluster.directory).some((name) => name.endsWith("gone")));
      assert.equal((await cluster.node("gone"))!.metadata.labels![powerLabel], undefined);
    });
  });

  it("runs nothing for a machine without a node document, or with one that cannot be read", async () => {
    const plain = cluster.machine("plain", "#!/bin/bash\necho hello\n");
    await plain.start();
    assert.equal(plain.state, "running");
    await plain.terminate();
    const broken = cluster.machine("broken", "#!/bin/bash\n# BEGIN NODE DOCUMENT\n{\n# END NODE DOCUMENT\n");
    await broken.start();
    assert.equal(broken.state, "running");
    assert.match(await broken.console(), /the start script failed/);
    await broken.terminate();
  });

  it("fails to boot where its address cannot be had, and says what to do", async () => {
    const script =
      "#!/bin/bash\n# BEGIN NODE DOCUMENT\n" +
      JSON.stringify(cluster.documents.controlPlane) +
      "\n# END NODE DOCUMENT\n";
    const machine = cluster.machine("abroad", script, { address: "192.0.2.1" });
    await assert.rejects(machine.start(), /192\.0\.2\.1 is not in 127\.0\.0\.0\/8/);
    assert.equal(machine.state, "failed");
    assert.match(await machine.console(), /cannot boot/);
    await machine.terminate();
  });

  it("keeps a stopped control plane's cluster, and does not wake workers that went off meanwhile", async function () {
    const [on, off] = [
      cluster.worker("stays-on", { bootstrapToken: await cluster.token("stays-on") }),
      cluster.worker("went-off", { bootstrapToken: await cluster.token("went-off") }),
    ];
    await Promise.all([on.start(), off.start()]);
    await Promise.all([cluster.nodeIs("stays-on", "True"), cluster.nodeIs("went-off", "True")]);
    const pids = Object.values(pidsOf("control"));
    await cluster.control.stop();
    assert.deepEqual(
      pids.filter((pid) => identifyProcess(pid) !== undefined),
      [],
    );
    await off.powerCut();
    await cluster.control.start();
    await answering(cluster);
    await until("the control plane has learnt which machines are on", async () => {
      const labels = (await cluster.node("went-off"))!.metadata.labels!;
      return labels[powerLabel] === undefined;
    });
    assert.equal((await cluster.node("stays-on"))!.metadata.labels![powerLabel], "on");
    await Promise.all([on.terminate(), off.terminate()]);
  });

  async function createToken(id: string, expiration: Date, nodeName?: string): Promise<void> {
    await cluster.api.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": id,
        "token-secret": "0123456789abcdef",
        expiration: expiration.toISOString(),
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": tokenGroups(nodeName),
      },
    });
  }

  async function notReady(name: string): Promise<void> {
    const { endpoint, certificateAuthority, credentials } = parseKubeconfig(cluster.kubeconfig);
    assert.ok(credentials.kind === "certificate");
    const admin = new ApiConnection(
      { endpoint, certificateAuthority: certificateAuthority! },
      { certificate: credentials.clientCertificate, privateKey: credentials.clientKey },
    );
    const patch = { status: { conditions: [{ type: "Ready", status: "False", reason: "Test", message: "" }] } };
    const type = "application/strategic-merge-patch+json";
    await admin.request("PATCH", `/api/v1/nodes/${name}/status`, AbortSignal.timeout(60_000), patch, type);
    admin.close();
  }
});
