/** Claims in one cluster, and the servers that they get in another. */
import assert from "node:assert/strict";
import { machinesReturned } from "../../../provider/kubernetes/handlers/machines-returned";
import { machineStatuses, readMachines } from "../../../provider/kubernetes/machine-claims";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const claims = "/apis/management.loft.sh/v1/nodeclaims";
const hosts = "/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts";
const kinds: Record<string, object> = {
  "/apis/management.loft.sh/v1": { resources: [{ name: "nodeclaims", kind: "NodeClaim", namespaced: true }] },
  "/apis/metal3.io/v1alpha1": { resources: [{ name: "baremetalhosts", kind: "BareMetalHost", namespaced: true }] },
};
const claim = {
  metadata: { name: "search-gpu-0", namespace: "p-default" },
  spec: { vClusterRef: "search", typeRef: "h100" },
  status: { phase: "Available" },
};
const host = {
  metadata: { name: "gpu-01", namespace: "metal3" },
  spec: {
    consumerRef: { kind: "NodeClaim", name: "search-gpu-0", namespace: "p-default" },
    image: { url: "https://i" },
  },
  status: { provisioning: { state: "provisioned" }, operationalStatus: "OK" },
};

/** An API server that has these lists and knows no other kinds. */
const serverOf = (lists: Record<string, object[]>): Promise<HttpsServer> =>
  httpsServer(({ url = "" }, response) => {
    const path = url.split("?")[0]!;
    const kind = Object.keys(lists).some((list) => list.startsWith(path)) ? kinds[path] : undefined;
    const found = lists[path] === undefined ? kind : { items: lists[path] };
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? { message: "not found" }));
  });

describe("machines whose hosts are in another cluster than their claims", () => {
  const inPlatform: Record<string, object[]> = { [claims]: [claim] };
  const inMetal3: Record<string, object[]> = { [hosts]: [host] };
  let platform: HttpsServer;
  let metal3: HttpsServer;
  before(async () => {
    platform = await serverOf(inPlatform);
    metal3 = await serverOf(inMetal3);
  });
  after(async () => {
    await platform.close();
    await metal3.close();
  });
  const place = () => ({
    kubeconfig: platform.kubeconfig,
    hostKubeconfig: metal3.kubeconfig,
    clusterName: "search",
    project: "default",
    hostNamespace: "metal3",
    timeoutSeconds: 1,
  });

  it("are told with their hosts", async () => {
    const [machine] = machineStatuses(await readMachines(place(), new AbortController().signal));
    assert.deepEqual([machine!.phase, machine!.host, machine!.hostState], ["Available", "gpu-01", "provisioned"]);
  });

  it("are awaited in both when they are given back", async () => {
    const inputs = place();
    const { outputs } = await machinesReturned.create(inputs, testContext());
    const gone = () => machinesReturned.delete("search", { inputs, outputs }, testContext());
    await assert.rejects(gone(), (error: Error) => {
      const { message } = error;
      assert.match(message, /machine search-gpu-0 is still claimed\s+BareMetalHost metal3\/gpu-01 is provisioned/);
      assert.ok(message.includes(`in the cluster at ${platform.endpoint} or ${metal3.endpoint}`), message);
      return true;
    });
    inPlatform[claims] = [];
    inMetal3[hosts] = [{ ...host, spec: {}, status: { provisioning: { state: "available" } } }];
    await gone();
  });

  it("are looked for as long as the user said, for longer than else too", async () => {
    const [now, given] = [Date.now, inPlatform[claims]!];
    delete inPlatform[claims];
    const status = () => {
      if (Date.now !== now) inPlatform[claims] = given;
      Date.now = () => now() + 100_000;
    };
    const context = testContext({ timeoutMs: 600_000 });
    try {
      await machinesReturned.create(place(), { ...context, log: { ...context.log, status } });
    } finally {
      Date.now = now;
      inPlatform[claims] = given;
    }
  });

  it("are refused with the field of a kubeconfig that is none", async () => {
    const failures = await machinesReturned.check!({ ...place(), hostKubeconfig: "{}" }, testContext());
    assert.deepEqual(failures, [{ property: "hostKubeconfig", reason: "the kubeconfig names no current-context" }]);
  });
});
