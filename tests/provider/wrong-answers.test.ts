/** Answers of another shape than the API's: each is an error that says so. Read as an empty list, they would have what exists bought again. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { createCudoClient } from "../../provider/cudo/client";
import { createMithrilClient } from "../../provider/mithril/client";

const signal = () => AbortSignal.timeout(60_000);
const backoff = { retries: 0, firstMs: 1, factor: 1, longestMs: 1 };

describe("An answer of a wrong shape", () => {
  let server: Server;
  let body = "";
  let account: { baseUrl: string; apiKey: string; projectId: string; backoff: typeof backoff };
  before(async () => {
    server = createServer((_, response) => response.writeHead(200, { "content-type": "application/json" }).end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    account = { baseUrl, apiKey: "k", projectId: "p", backoff };
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const mithril = () => {
    const api = createMithrilClient(account);
    return {
      arrays: {
        clusters: () => api.clusters.list(signal()),
        sshKeys: () => api.sshKeys.list(signal()),
        volumes: () => api.volumes.list(signal()),
        instanceTypes: () => api.instanceTypes(signal()),
        markets: () => api.spotAvailability(signal()),
        images: () => api.images(signal()),
        regions: () => api.regions(signal()),
      },
      pages: {
        bids: () => api.bids.list({}, signal()),
        reservations: () => api.reservations.list(signal()),
        instances: () => api.instances.list({}, signal()),
      },
      objects: { cluster: () => api.clusters.find("c", signal()), bid: () => api.bids.find("b", signal()) },
    };
  };
  const cudo = () => {
    const api = createCudoClient(account);
    return {
      lists: {
        VMs: () => api.vms.list(signal()),
        securityGroups: () => api.securityGroups.list(signal()),
        dataCenters: () => api.dataCenters(signal()),
        machineTypes: () => api.machineTypes(signal()),
        images: () => api.images(signal()),
      },
      objects: {
        VM: () => api.vms.find("v", signal()),
        disk: () => api.disks.find("d", signal()),
        network: () => api.networks.find("n", signal()),
        securityGroup: () => api.securityGroups.find("s", signal()),
      },
    };
  };

  const refuse = async (reads: Record<string, () => Promise<unknown>>, answers: readonly unknown[]) => {
    for (const [what, read] of Object.entries(reads)) {
      for (const answer of answers) {
        body = answer === undefined ? "" : JSON.stringify(answer);
        await assert.rejects(read, { kind: "unavailable", message: /not as the API is described/ }, `${what}: ${body}`);
      }
    }
  };

  const nonsense = [undefined, null, "ok", 1, true];

  it("of Mithril is an error on every read", async () => {
    const { arrays, pages, objects } = mithril();
    await refuse(arrays, [...nonsense, {}, { data: [] }, { detail: "maintenance" }, [null], [[]]]);
    await refuse(pages, [
      ...nonsense,
      [],
      {},
      { data: {} },
      { data: null },
      { items: [] },
      { data: [{}] },
      { data: ["b"] },
    ]);
    await refuse(objects, [...nonsense, [], {}, { fid: "x" }, { detail: "maintenance" }, { data: [] }]);
  });

  it("of Mithril is an error where it lacks what decides whether a thing lives", async () => {
    const { arrays, pages } = mithril();
    const bid = { fid: "bid_1", name: "b", status: "Open", instance_quantity: 1, launch_specification: {} };
    body = JSON.stringify({ data: [bid] });
    assert.equal(((await pages.bids()) as unknown[]).length, 1);
    for (const field of Object.keys(bid)) {
      await refuse({ bids: pages.bids }, [{ data: [{ ...bid, [field]: undefined }] }]);
    }
    await refuse({ clusters: arrays.clusters }, [
      [{ fid: "clust_1", name: "c" }],
      [{ name: "c", status: "Available" }],
    ]);
  });

  it("of Cudo is an error on every read", async () => {
    const { lists, objects } = cudo();
    await refuse(lists, [...nonsense, [], { message: "maintenance" }, { totalCount: 3 }, ["x"]]);
    for (const [key, list] of Object.entries(lists)) {
      await refuse({ [key]: list }, [{ [key]: {} }, { [key]: "none" }, { [key]: [{}] }, { [key]: [1] }]);
    }
    await refuse(objects, [...nonsense, [], {}, { VM: {} }, { disk: {} }, { vmConfig: { id: "v" } }]);
  });

  it("is never an empty list, whatever JSON it is", async () => {
    const { arrays } = mithril();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (answer) => {
        fc.pre(!Array.isArray(answer) || answer.length > 0);
        body = JSON.stringify(answer);
        await assert.rejects(arrays.clusters());
        await assert.rejects(arrays.volumes());
      }),
      { numRuns: 50 },
    );
  });

  it("is told from lists that are empty", async () => {
    body = "[]";
    for (const read of Object.values(mithril().arrays)) assert.deepEqual(await read(), []);
    body = '{"data":[],"next_cursor":null}';
    for (const read of Object.values(mithril().pages)) assert.deepEqual(await read(), []);
    for (const [key, read] of Object.entries(cudo().lists)) {
      body = JSON.stringify({ [key]: [], ...(key === "images" && { pageNumber: 1 }) });
      assert.deepEqual(await read(), []);
    }
    // A gateway may leave out what is empty.
    body = "{}";
    for (const read of Object.values(cudo().lists)) assert.deepEqual(await read(), []);
  });
});
