/** Answers of another shape than the API's: each is an error that says so. Read as an empty list, they would have what exists bought again. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KMSClient, TagResourceCommand } from "@aws-sdk/client-kms";
import fc from "fast-check";
import { LoadBalancing } from "../../provider/aws/balancers/load-balancing";
import { AwsClients } from "../../provider/aws/clients";
import { describing } from "../../provider/aws/describing";
import { Fleets } from "../../provider/aws/fleet/fleets";
import { GroupInstances } from "../../provider/aws/fleet/group-instances";
import { readImage } from "../../provider/aws/images";
import { KeyStore } from "../../provider/aws/key-store";
import { hasServiceRole } from "../../provider/aws/service-roles";
import { readZones } from "../../provider/aws/zones";
import { createCudoClient } from "../../provider/cudo/client";
import { createMithrilClient } from "../../provider/mithril/client";
import { useTestCredentials } from "./aws/scene";

const signal = () => AbortSignal.timeout(60_000);
const backoff = { retries: 0, firstMs: 1, factor: 1, longestMs: 1 };

describe("An answer of a wrong shape", () => {
  let server: Server;
  let body = "";
  let status = 200;
  let account: { baseUrl: string; apiKey: string; projectId: string; backoff: typeof backoff };
  before(async () => {
    server = createServer((_, response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(body),
    );
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

  it("is no absence: a 404 that the API did not write, as a balancer's whose API is away", async () => {
    status = 404;
    try {
      for (body of ["<html><title>404 Not Found</title></html>", "default backend - 404", ""]) {
        for (const read of [...Object.values(cudo().objects), ...Object.values(mithril().objects)])
          await assert.rejects(read, { kind: "unavailable", message: /no answer of the API's own.*(cudo|mithril)/ });
        await assert.rejects(createCudoClient(account).vms.terminate("v", signal()), { kind: "unavailable" });
        await assert.rejects(createMithrilClient(account).bids.delete("b", signal()), { kind: "unavailable" });
      }
    } finally {
      status = 200;
    }
  });

  it("of AWS is an error on every read: a page of a proxy, an empty one, an answer to something else", async () => {
    useTestCredentials();
    const clients = new AwsClients({ region: "us-west-2", endpoint: account.baseUrl });
    const ec2 = clients.ec2;
    const group = { clusterName: "alpha", nodeGroup: "gpu" };
    const fleets = new Fleets(ec2, group, backoff);
    const keys = new KeyStore(clients, { path: "/alpha", kmsKeyId: "alias/keys", tags: {}, owner: "urn:test" });
    const balancing = new LoadBalancing(clients);
    const xml: Record<string, () => Promise<unknown>> = {
      "a fleet": () => fleets.get("fleet-1", signal()),
      "a group's fleets": () => fleets.find(signal()),
      "a new fleet": () =>
        fleets.create({ LaunchTemplateConfigs: [], TargetCapacitySpecification: { TotalTargetCapacity: 1 } }, signal()),
      instances: () => new GroupInstances(ec2, group).list(signal()),
      "an image": () => readImage(ec2, "ami-1", signal()),
      zones: () => readZones(ec2, signal()),
      "a role": () => hasServiceRole(clients.iam, "spot.amazonaws.com", signal()),
      balancers: () => balancing.list("vpc-1", signal()),
    };
    const page = "<!DOCTYPE html><html><body><p>Log in</p></body></html>";
    const others = ["", page, "<html/>", '<?xml version="1.0"?><DescribeVpcsResponse/>', "{}", "ok"];
    const json = {
      "a cluster's keys": () => keys.versions(["/alpha/keys"], signal()),
      "a sealed key": () => keys.seal("key", signal()),
      "an opened key": () => keys.open("a2V5", signal()),
    };
    for (const [reads, answers] of [
      [xml, others],
      [json, ["", page, "{}", "[]", "null", "ok", '{"message":"maintenance"}']],
    ] as const) {
      for (const [what, read] of Object.entries(reads)) {
        for (body of answers) await assert.rejects(read, /not as the API is described/, `${what}: ${body}`);
      }
    }
    body = page;
    await assert.rejects(xml["a new fleet"]!, { kind: "unavailable" }, "whether it was made is not known");
  });

  it("of AWS is told from what it answers: nothing to a call without a result, and lists that are empty", async () => {
    useTestCredentials();
    const { ec2, settings } = new AwsClients({ region: "us-west-2", endpoint: account.baseUrl });
    body = "";
    await describing(new KMSClient(settings)).send(new TagResourceCommand({ KeyId: "k", Tags: [] }));
    body =
      '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeFleetsResponse xmlns="x"><fleetSet/></DescribeFleetsResponse>';
    assert.deepEqual(await new Fleets(ec2, { clusterName: "alpha", nodeGroup: "gpu" }, backoff).find(signal()), []);
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
