import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { objectReady, type ObjectReadyInputs } from "../../../provider/kubernetes/handlers/object-ready";
import { describeConditions, judge, type Expectations } from "../../../provider/kubernetes/object-conditions";
import { PartialFailure } from "../../../provider/server/resource";
import { driveResource, Secret, startPlugin } from "../server/harness";
import { testContext } from "./context";
import { objectServer, widget, widgetObject, type ObjectServer } from "./object-server";

const ready = { type: "Ready", status: "True" };
const nowMs = Date.parse("2026-01-01T00:10:00Z");

function missing(status: object, expected: Partial<Expectations> = {}): readonly string[] {
  const all = { conditions: [{ type: "Ready" }], conditionsAt: "status.conditions", fields: {}, ...expected };
  return judge(widgetObject(status), all, nowMs).missing;
}

describe("what an object's conditions say", () => {
  it("is right when all of them hold, of the object as it is now", () => {
    assert.deepEqual(missing({ conditions: [ready] }), []);
    assert.deepEqual(missing({ conditions: [{ ...ready, observedGeneration: 2 }], observedGeneration: 2 }), []);
    assert.deepEqual(missing({}), ["Ready is not said yet"]);
    assert.deepEqual(missing({ conditions: "broken" }), ["Ready is not said yet"]);
    const installing = { type: "Ready", status: "False", reason: "Installing", message: "charts" };
    assert.deepEqual(missing({ conditions: [installing] }), ["Ready is False (Installing: charts)"]);
    assert.deepEqual(missing({ conditions: [{ ...ready, observedGeneration: "1" }] }), [
      "Ready is of the object before its last change",
    ]);
    assert.deepEqual(missing({ conditions: [ready], observedGeneration: 1 }), [
      "its controller has not seen the last change yet",
    ]);
  });

  it("can be in another place, in other words, and too old", () => {
    const expected = {
      conditions: [{ type: "Ready", status: "CONDITION_STATUS_TRUE" }],
      conditionsAt: "status.statusConditions",
      freshSeconds: 90,
    };
    const at = (lastUpdatedTimestamp?: string) =>
      missing(
        { statusConditions: [{ type: "Ready", status: "CONDITION_STATUS_TRUE", lastUpdatedTimestamp }] },
        expected,
      );
    assert.deepEqual(at(String(nowMs / 1000 - 60)), []);
    assert.deepEqual(at(String(nowMs - 60_000)), [], "milliseconds");
    assert.deepEqual(at(String(nowMs / 1000 - 100)), ["Ready was confirmed 100 s ago: nobody does so any more"]);
    assert.deepEqual(at(), ["Ready does not say when it was confirmed"]);
  });

  it("is not all: fields must have values", () => {
    const fields = { address: "status.gateway.address", nodes: "status.nodes" };
    const expected = { conditions: [], conditionsAt: "status.conditions", fields };
    const judged = (status: object) => judge(widgetObject(status), expected, nowMs);
    assert.deepEqual(judged({ gateway: { address: "" } }).missing, [
      "status.gateway.address is not there yet",
      "status.nodes is not there yet",
    ]);
    assert.deepEqual(judged({ gateway: { address: "192.0.2.1" }, nodes: 0 }), {
      missing: [],
      values: { address: "192.0.2.1", nodes: "0" },
    });
  });
});

describe("what an object says in a word", () => {
  it("must be one of those that are expected", () => {
    const expected = { conditions: [], expected: { "status.provisioning.state": ["available", "provisioned"] } };
    assert.deepEqual(missing({ provisioning: { state: "available" } }, expected), []);
    assert.deepEqual(missing({ provisioning: { state: "inspecting" } }, expected), [
      "status.provisioning.state is inspecting",
    ]);
    assert.deepEqual(missing({}, expected), ["status.provisioning.state is not there yet"]);
  });

  it("is told in errors, in the place of conditions where it has none", () => {
    const told = (status: object) => describeConditions(widgetObject(status), "status.conditions", ["status.error"]);
    assert.equal(told({ error: "wrong password" }), "\n  status.error: wrong password");
    assert.equal(told({ error: "no", conditions: [ready] }), "\n  Ready True\n  status.error: no");
    assert.match(told({ error: "" }), /it has no conditions: no controller has looked at it$/);
  });
});

describe("ObjectReady", () => {
  let server: ObjectServer;
  let inputs: ObjectReadyInputs;
  beforeEach(async () => {
    server = await objectServer();
    const { kubeconfig } = server;
    inputs = { ...widget, kubeconfig, conditions: [{ type: "Ready" }], fields: { address: "status.address" } };
  });
  afterEach(() => server.close());

  const created = async (more: Partial<ObjectReadyInputs> = {}) =>
    objectReady.create({ ...inputs, ...more }, testContext()).then(
      () => assert.fail("did not fail"),
      (error: Error) => error,
    );

  it("keeps the contract", async () => {
    server.objects.set("one", widgetObject({ conditions: [ready], address: "192.0.2.1" }));
    server.objects.set(
      "two",
      widgetObject({ conditions: [ready], address: "192.0.2.2" }, { name: "two", uid: "uid-2" }),
    );
    const plugin = await startPlugin(provider);
    try {
      const own = { ...inputs, kubeconfig: new Secret(server.kubeconfig) };
      await driveResource({
        plugin,
        type: "gpu-clusters:kubernetes:ObjectReady",
        inputs: own,
        updated: { ...own, triggers: { spec: "another" } },
        replaced: { ...own, name: "two" },
        importable: false,
      });
    } finally {
      await plugin.stop();
    }
  });

  it("ends with all that the object's controller said, and what to look at", async () => {
    const conditions = [
      { type: "Ready", status: "False", reason: "Creating" },
      { type: "BackendReady", status: "False", reason: "Installing", message: "no gateway" },
    ];
    server.objects.set("one", widgetObject({ conditions }));
    const error = await created({ timeoutSeconds: 1, hint: "Look at the controller." });
    assert.equal(
      error.message,
      `Widget default/one in the cluster at ${server.endpoint} was not ready after 1 s: Ready is False (Creating); ` +
        "status.address is not there yet\n  Ready False (Creating)\n  BackendReady False (Installing: no gateway)\nLook at the controller.",
    );
    server.objects.set("one", widgetObject({}));
    assert.match((await created({ timeoutSeconds: 1 })).message, /no conditions: no controller has looked at it$/);
    server.objects.clear();
    assert.match((await created({ timeoutSeconds: 1 })).message, /after 1 s: it does not exist$/);
    server.isDown = true;
    assert.match((await created({ timeoutSeconds: 1 })).message, /after 1 s: .*overloaded \(HTTP 503\)$/);
  });

  it("takes no object for another of its name, nor one that is on its way out", async () => {
    server.objects.set("one", widgetObject({ conditions: [ready], address: "a" }));
    assert.match((await created({ uid: "uid-0", timeoutSeconds: 1 })).message, /another object has its name/);
    server.objects.get("one")!.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    assert.match((await created({ timeoutSeconds: 1 })).message, /it is being deleted/);
  });

  it("stops when the user interrupts, and keeps what it must delete", async () => {
    server.objects.set("one", widgetObject({}));
    const controller = new AbortController();
    const context = testContext({ signal: controller.signal });
    context.log.status = () => controller.abort(new Error("interrupted"));
    const error = await objectReady.create({ ...inputs, deletes: true }, context).then(
      () => assert.fail("did not fail"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PartialFailure);
    assert.deepEqual([error.outputs, /interrupted/.test(error.message)], [{ uid: "uid-1" }, true]);
  });

  it("refreshes what it gives, warns of what no longer holds, and forgives a cluster that is away", async () => {
    const outputs = { uid: "uid-1", values: { address: "old" }, status: "ready" as const };
    const read = async () => {
      const context = testContext();
      const state = await objectReady.read("w", { inputs, outputs }, context);
      return { values: state?.outputs.values, warned: context.said.filter((line) => line.startsWith("warn: ")).join() };
    };
    assert.deepEqual((await read()).values, undefined, "it is gone");
    server.objects.set("one", widgetObject({ conditions: [ready], address: "new" }));
    assert.deepEqual(await read(), { values: { address: "new" }, warned: "" });
    server.objects.set("one", widgetObject({ conditions: [{ type: "Ready", status: "False" }] }));
    const lost = await read();
    assert.deepEqual(lost.values, { address: "old" });
    assert.match(lost.warned, /no longer ready: Ready is False/);
    const going = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/hold"] };
    server.objects.set("one", widgetObject({ conditions: [ready], address: "new" }, going));
    assert.match(
      (await read()).warned,
      /no longer ready: somebody deletes it \(it waits for example\.com\/hold\): once it is gone, `pulumi up --refresh` makes it again/,
    );
    server.objects.set("one", widgetObject({}, { uid: "uid-2" }));
    assert.deepEqual((await read()).values, undefined, "another one has its name");
    server.isDown = true;
    const away = await read();
    assert.deepEqual(away.values, { address: "old" });
    assert.match(away.warned, /cannot be read.*overloaded/);
  });

  const destroyed = async (more: Partial<ObjectReadyInputs> = {}) => {
    const outputs = { uid: "uid-1", values: {}, status: "ready" as const };
    return objectReady.delete("w", { inputs: { ...inputs, deletes: true, ...more }, outputs }, testContext());
  };

  it("deletes in the foreground, and waits for finalizers", async () => {
    server.objects.set("one", widgetObject({ conditions: [ready] }, { finalizers: ["example.com/hold"] }));
    await assert.rejects(
      destroyed({ timeoutSeconds: 3, hint: "Look." }),
      /was not gone after 3 s: it waits for example\.com\/hold\n {2}Ready True\nLook\.$/,
    );
    assert.equal(server.requests.filter((request) => request.startsWith("DELETE")).length, 1);
    assert.match(
      server.requests.find((request) => request.startsWith("DELETE"))!,
      /propagationPolicy=Foreground$/,
    );
    const going = destroyed();
    server.objects.clear();
    await going;
    await destroyed();
  });

  it("leaves alone what it was not told to delete, and another object of the name", async () => {
    server.objects.set("one", widgetObject({}, { uid: "uid-2" }));
    await destroyed();
    server.objects.set("one", widgetObject({}));
    await destroyed({ deletes: false });
    assert.deepEqual(
      server.requests.filter((request) => request.startsWith("DELETE")),
      [],
    );
  });

  it("names who uses the object while nobody lets it go", async () => {
    const { apiVersion, kind } = widget;
    server.objects.set("one", widgetObject({ conditions: [ready] }));
    for (let index = 0; index < 11; index++)
      server.objects.set(`user-${index}`, widgetObject({}, { name: `user-${index}`, uid: `user-${index}` }));
    server.refusal = "in use by 1 usage(s)";
    const users = { apiVersion, kind, labelSelector: "of=one" };
    await assert.rejects(
      destroyed({ timeoutSeconds: 1, users }),
      /was not gone after 1 s: .*in use by 1 usage\(s\) \(HTTP 409\); it is used by Widget default\/one, default\/user-0, .* and 2 more\n/,
    );
    assert.ok(server.requests.some((request) => request.includes("labelSelector=of%3Done")));
    server.refusal = undefined;
    server.objects.get("one")!.metadata["finalizers"] = ["example.com/hold"];
    await assert.rejects(
      destroyed({ timeoutSeconds: 1, users }),
      /it waits for example\.com\/hold; it is used by Widget/,
    );
  });

  it("says that a cluster is away, and does not wait longer than it is told", async () => {
    server.isDown = true;
    await assert.rejects(destroyed({ timeoutSeconds: 1 }), /was not gone after 1 s: .*overloaded/);
  });

  it("says what to do where nobody answers, and forgets the object where the user says so", async () => {
    await server.close();
    const away =
      /Widget default\/one cannot be asked: its API server at https:\S+ has not answered this computer for 1 s: .*ECONNREFUSED/;
    const up = await created({ timeoutSeconds: 1, hint: "Look." });
    assert.match(up.message, away);
    assert.match(up.message, /ECONNREFUSED[^.]*[\d.:]+\. `pulumi up` goes on once it answers$/);
    await assert.rejects(destroyed({ timeoutSeconds: 1 }), (error: Error) => {
      assert.match(error.message, away);
      return /What is there stays; `pulumi destroy` goes on.*PULUMI_K8S_DELETE_UNREACHABLE=true pulumi destroy --refresh` forgets it$/.test(
        error.message,
      );
    });
    process.env.PULUMI_K8S_DELETE_UNREACHABLE = "true";
    try {
      await destroyed({ timeoutSeconds: 1 });
    } finally {
      delete process.env.PULUMI_K8S_DELETE_UNREACHABLE;
    }
    server = await objectServer();
  });
});
