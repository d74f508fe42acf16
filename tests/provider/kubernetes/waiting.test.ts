import assert from "node:assert/strict";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import { Unknown } from "../../../provider/server/values";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { moveClock } from "../../moved-clock";
import { testContext } from "./context";
import { httpsServer } from "./https-server";

const nodeGroups = [{ name: "gpu", minSize: 1 }];

describe("resources that wait for a cluster", () => {
  it("fail in time, saying what they saw last, where, and what to look at", async () => {
    const server = await httpsServer((_request, response) => response.writeHead(503).end("etcd failed"));
    try {
      const { kubeconfig, endpoint } = server;
      const error: Error = await apiServerReady({})
        .create({ kubeconfig, timeoutSeconds: 1 }, testContext())
        .then(
          () => assert.fail("did not fail"),
          (reason: Error) => reason,
        );
      assert.ok(
        error.message.startsWith(
          `the API server at ${endpoint} was not ready after 1 s; last: GET /readyz: etcd failed (HTTP 503). Look at`,
        ),
      );
      assert.match(error.message, /console.*security group.*port \d+$/);
      await assert.rejects(
        apiServerReady({}).create({ kubeconfig, timeoutSeconds: 1, hint: "Look at the VPN." }, testContext()),
        /etcd failed \(HTTP 503\)\. Look at the VPN\.$/,
      );
      await assert.rejects(
        async () => nodesReady({}).create({ kubeconfig, nodeGroups, timeoutSeconds: 1 }, testContext()),
        /did not have its nodes after 1 s: .*etcd failed.*look at the console/,
      );
    } finally {
      await server.close();
    }
  });

  it("give an API server up whose machine's host is in error, with the host's words", async () => {
    const realDate = Date;
    const consumerRef = { kind: "Metal3Machine", name: "search-cp", namespace: "metal3" };
    const status = { operationalStatus: "error", errorType: "provisioning error", errorMessage: "did not boot" };
    const lists: Record<string, object[]> = {
      "/apis/cluster.x-k8s.io/v1beta2/namespaces/metal3/machines": [
        { metadata: { name: "search-cp", namespace: "metal3" }, spec: { infrastructureRef: { name: "search-cp" } } },
      ],
      "/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts": [
        { metadata: { name: "a", namespace: "metal3" }, spec: { consumerRef }, status },
      ],
    };
    const kinds: Record<string, object> = {
      "/apis/cluster.x-k8s.io/v1beta2": { name: "machines", kind: "Machine", namespaced: true },
      "/apis/metal3.io/v1alpha1": { name: "baremetalhosts", kind: "BareMetalHost", namespaced: true },
    };
    const management = await httpsServer(({ url = "" }, response) => {
      const path = url.split("?")[0]!;
      const body = kinds[path] ? { resources: [kinds[path]] } : { items: lists[path] };
      response.end(JSON.stringify(body));
    });
    const starting = await httpsServer((_request, response) => {
      // So that it is asked at once whether waiting is of any use.
      moveClock(16_000);
      response.writeHead(503).end("not yet");
    });
    try {
      const claims = { kubeconfig: management.kubeconfig, clusterName: "search", hostNamespace: "metal3" };
      await assert.rejects(
        apiServerReady({}).create({ kubeconfig: starting.kubeconfig, claims }, testContext()),
        /is not ready: .*not yet.*A machine in error is not replaced.*\n {2}machine search-cp has failed\n {2}BareMetalHost metal3\/a is not known to Metal3 \(provisioning error: did not boot\)/s,
      );
    } finally {
      globalThis.Date = realDate;
      await management.close();
      await starting.close();
    }
  });

  it("refuse at the preview a key for SSH that cannot be used, or is not the machines' own", async () => {
    const [own, other] = [newSshKeyPair(), newSshKeyPair()];
    const kubeconfig = Unknown.value;
    const wrong = async (sshPrivateKey: string, sshPublicKey?: string) => {
      const keys = { sshPrivateKey, ...(sshPublicKey !== undefined && { sshPublicKey }) };
      const ready = (await apiServerReady({}).check!({ kubeconfig, ...keys }, testContext())) ?? [];
      const nodes = (await nodesReady({}).check!({ kubeconfig, nodeGroups, sshPrivateKey }, testContext())) ?? [];
      return [ready, nodes].map((failures) => failures.map(({ property, reason }) => `${property} ${reason}`).join());
    };
    assert.deepEqual(await wrong(own.private, own.public), ["", ""]);
    assert.deepEqual(await wrong(own.private, other.public), [
      "sshPrivateKey does not belong to the public key given",
      "",
    ]);
    for (const failure of await wrong("no key")) assert.match(failure, /^sshPrivateKey must be a private key/);
  });

  it("warn of nodes whose containerd Kubernetes is about to refuse", async () => {
    const node = (name: string, containerRuntimeVersion: string) => ({
      metadata: { name, labels: { "gpu-clusters/node-group": "gpu" } },
      status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { containerRuntimeVersion } },
    });
    let items = [node("new", "containerd://2.2.1"), node("light", "kwok://light")];
    const resources = [{ name: "nodes", kind: "Node", namespaced: false }];
    const { kubeconfig, close } = await httpsServer(({ url = "" }, response) =>
      response.end(JSON.stringify(url.startsWith("/api/v1/nodes") ? { items } : { resources })),
    );
    try {
      const ask = async () => {
        const context = testContext();
        const inputs = { kubeconfig, nodeGroups, controlPlaneNodes: 0, timeoutSeconds: 10 };
        assert.deepEqual((await nodesReady({}).create(inputs, context)).outputs, { status: "ready" });
        return context.said.filter((line) => line.startsWith("warn: "));
      };
      assert.deepEqual(await ask(), []);
      items = [...items, node("old", "containerd://1.7.27")];
      assert.match((await ask()).join("\n"), /^warn: containerd before 2 .* for old \(1\.7\.27\)$/);
    } finally {
      await close();
    }
  });

  it("stop when the user interrupts", async () => {
    const controller = new AbortController();
    const context = testContext({ signal: controller.signal });
    context.log.status = () => controller.abort(new Error("interrupted"));
    const server = await httpsServer((_request, response) => response.writeHead(503).end());
    try {
      await assert.rejects(
        apiServerReady({}).create({ kubeconfig: server.kubeconfig, timeoutSeconds: 30 }, context),
        /interrupted|aborted/,
      );
    } finally {
      await server.close();
    }
  });

  it("keep their state, with a warning, when a refresh finds the cluster down", async () => {
    const { kubeconfig, close } = await httpsServer(() => {});
    await close();
    const context = testContext();
    const state = { inputs: { kubeconfig }, outputs: { ready: true as const, version: "1.36.3" } };
    assert.deepEqual(await apiServerReady({}).read("test", state, context), state);
    assert.match(context.said.join(), /^warn: the cluster does not answer.*ECONNREFUSED/);
  });

  it("foretell what is known, so that a preview shows no change where there is none", async () => {
    const outputs = { ready: true as const, version: "1.36.3" };
    const inputs = { kubeconfig: "k" };
    assert.deepEqual(await apiServerReady({}).foresee!(inputs, testContext(), { inputs, outputs }), outputs);
    assert.deepEqual(await apiServerReady({}).foresee!(inputs, testContext(), undefined), {});
    const nodes = { kubeconfig: "k", nodeGroups };
    assert.deepEqual(nodesReady({}).preview!(nodes, { inputs: nodes, outputs: { status: "ready" } }), {
      status: "ready",
    });
  });

  it("take the same groups in another order for no change", () => {
    const groups = [...nodeGroups, { name: "system", minSize: 1 }];
    const planned = (now: Parameters<NonNullable<ReturnType<typeof nodesReady>["plan"]>>[1]["nodeGroups"]) =>
      nodesReady({}).plan!(
        { inputs: { kubeconfig: "k", nodeGroups: groups }, outputs: { status: "ready" } },
        { kubeconfig: "k", nodeGroups: now },
        ["nodeGroups"],
      ).ignores!.includes("nodeGroups");
    assert.equal(planned([...groups].reverse()), true);
    assert.equal(planned(groups.slice(1)), false);
    assert.equal(planned([groups[0]!, { name: "system", minSize: 2 }]), false);
    assert.equal(planned([groups[0]!, { name: "system", minSize: Unknown.value }]), false);
    assert.equal(planned([groups[0]!, Unknown.value]), false);
    assert.equal(planned(Unknown.value), false);
  });

  it("refuse a kubeconfig that is none, and a time-out that is over", async () => {
    assert.deepEqual(await apiServerReady({}).check!({ kubeconfig: "{}", timeoutSeconds: 0 }, testContext()), [
      { property: "kubeconfig", reason: "the kubeconfig names no current-context" },
      { property: "timeoutSeconds", reason: "must be from 1 to 86400, a day, is 0" },
    ]);
  });
});
