import assert from "node:assert/strict";
import { objectsGone, type ObjectsGoneInputs } from "../../../provider/kubernetes/handlers/objects-gone";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

type Look = string[] | number;

describe("objects that only their controller lets go", () => {
  let server: HttpsServer;
  /** Names of the jobs at each look; the last again and again. */
  let looks: Look[];
  let deleted: string[];
  before(async () => {
    server = await httpsServer(({ url = "", method }, response) => {
      const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      if (url === "/apis/ray.io/v1")
        return say(200, { resources: [{ name: "rayjobs", kind: "RayJob", namespaced: true }] });
      if (method === "DELETE") {
        deleted.push(url.split("/").at(-1)!);
        return say(200, {});
      }
      assert.match(url, /^\/apis\/ray\.io\/v1\/rayjobs\?/, "in every namespace");
      const look = looks.length > 1 ? looks.shift()! : looks[0]!;
      if (typeof look === "number") return say(look, { message: "overloaded" });
      const items = look.map((name) => {
        const deletionTimestamp = deleted.includes(name) ? "2026-01-01T00:00:00Z" : undefined;
        return { metadata: { name, namespace: "team", deletionTimestamp } };
      });
      return say(200, { items });
    });
  });
  after(() => server.close());
  beforeEach(() => {
    deleted = [];
  });

  const destroyed = (given: Look[], context = testContext()) => {
    looks = given;
    const inputs: ObjectsGoneInputs = {
      kubeconfig: server.kubeconfig,
      controller: "KubeRay's operator",
      kinds: ["RayCronJob", "RayJob"].map((kind) => ({ apiVersion: "ray.io/v1", kind })),
    };
    return Promise.resolve(objectsGone.delete("ray", { inputs, outputs: { status: "watched" } }, context));
  };

  it("are deleted once each, and waited for, those too that came meanwhile", async () => {
    await destroyed([["a", "b"], 503, ["b", "c"], ["c"], []]);
    assert.deepEqual([deleted.sort(), looks.length], [["a", "b", "c"], 1]);
  });

  it("are none where the cluster has no such kind, and where there are none", async () => {
    await destroyed([[]]);
    assert.deepEqual(deleted, []);
  });

  it("end a destroy with their names where they stay, and with what lets them go", async () => {
    const many = ["a", "b", "c", "d", "e", "f"];
    await assert.rejects(destroyed([many], testContext({ timeoutMs: 300 })), (error: Error) => {
      assert.match(
        error.message,
        /^what KubeRay's operator looks after had not gone after 0 s: there are RayJob team\/a, .*RayJob team\/e and 1 more\. It must run/,
      );
      assert.match(
        error.message,
        /`kubectl patch rayjob\.ray\.io -n team a --type merge -p '\{"metadata":\{"finalizers":null\}\}'`/,
      );
      return true;
    });
    assert.deepEqual(deleted, many);
  });

  it("end with ^C", async () => {
    const stop = new AbortController();
    const deletion = destroyed([["a"]], testContext({ signal: stop.signal }));
    stop.abort(new Error("interrupted"));
    await assert.rejects(deletion, /interrupted/);
  });
});
