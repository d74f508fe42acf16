import assert from "node:assert/strict";
import fc from "fast-check";
import type { BareMetalHost } from "../../../provider/kubernetes/bare-metal-hosts";
import { claimedAs, type Machine } from "../../../provider/kubernetes/cluster-api-machines";
import { claimsInError, machineStatuses, notReturned } from "../../../provider/kubernetes/machine-claims";
import { claimedBy, claimsOf, hostOf, type NodeClaim } from "../../../provider/kubernetes/node-claims";

const cluster = { clusterName: "search", project: "default" };
const claimed = (name: string, more: Partial<NodeClaim> = {}, namespace = "p-default"): NodeClaim => ({
  apiVersion: "management.loft.sh/v1",
  kind: "NodeClaim",
  metadata: { name, namespace },
  spec: { vClusterRef: "search", typeRef: "h100" },
  status: { phase: "Available" },
  ...more,
});
const server = (name: string, state: string, more: BareMetalHost["spec"] & object = {}, status: object = {}) =>
  ({
    apiVersion: "metal3.io/v1alpha1",
    kind: "BareMetalHost",
    metadata: { name, namespace: "metal3" },
    spec: more,
    status: { provisioning: { state }, operationalStatus: "OK", ...status },
  }) satisfies BareMetalHost;
const image = { url: "https://images.example.com/a" };
const of = (name: string, namespace = "p-default") => ({ consumerRef: { kind: "NodeClaim", name, namespace }, image });
const failing = { operationalStatus: "error", errorType: "provisioning error", errorMessage: "did not boot" };
const seen = (claims: NodeClaim[], hosts: BareMetalHost[]) => ({
  machines: claims.map((claim) => claimedBy(claim, hosts)),
  hosts,
});

describe("machines that are claimed for a cluster", () => {
  it("are those of its name, in its project", () => {
    const claims = [
      claimed("one"),
      claimed("two", { spec: { vClusterRef: "p-default/search" } }),
      claimed("elsewhere", {}, "p-other"),
      claimed("anywhere", {}, "vcluster-platform"),
      claimed("another", { spec: { vClusterRef: "train" } }),
      claimed("nobody's", { spec: {} }),
    ];
    assert.deepEqual(
      claimsOf(claims, cluster).map(({ metadata }) => metadata.name),
      ["one", "two", "anywhere"],
    );
  });

  it("have the host that names them, or that they name, and no other's", () => {
    const hosts = [server("a", "provisioned", of("one")), server("b", "provisioned", of("one", "p-other"))];
    assert.equal(hostOf(claimed("one"), hosts)?.metadata.name, "a");
    assert.equal(hostOf(claimed("one", {}, "p-other"), hosts)?.metadata.name, "b");
    assert.equal(hostOf(claimed("two"), hosts), undefined);
    const properties = { "metal3.vcluster.com/server-name": "c" };
    const naming = claimed("two", { spec: { vClusterRef: "search", properties } });
    assert.equal(hostOf(naming, hosts), undefined, "a name that no host has");
    assert.equal(hostOf(naming, [...hosts, server("c", "provisioned")])?.metadata.name, "c");
    const anywhere = server("d", "provisioned", { consumerRef: { name: "three" } });
    assert.equal(hostOf(claimed("three"), [anywhere])?.metadata.name, "d");
  });

  it("are told with their hosts, in an order that stays", () => {
    const claims = [claimed("two", { status: {} }), claimed("one")];
    assert.deepEqual(machineStatuses(seen(claims, [server("a", "provisioned", of("one"))])), [
      { name: "one", phase: "Available", type: "h100", host: "a", hostState: "provisioned", problems: [] },
      { name: "two", phase: "Pending", type: "h100", problems: [] },
    ]);
  });

  const conditions = [
    { type: "Scheduled", status: "True", message: "on a" },
    { type: "Provisioned", status: "False", reason: "Error", message: "no boot" },
  ];
  const failed = claimed("one", { status: { phase: "Failed", conditions } as never });

  it("are in error when the platform says so, with the words of both", () => {
    assert.equal(claimsInError(seen([claimed("one")], [server("a", "provisioning", of("one"), failing)])), undefined);
    const healthy = { conditions: [{ type: "Healthy", status: "False", reason: "Failed", message: "no power" }] };
    const host = server("a", "provisioning", of("one"), { ...failing, ...healthy });
    assert.equal(
      claimsInError(seen([failed], [host])),
      "\n  machine one has failed: Provisioned is False (Error: no boot)" +
        "\n  BareMetalHost metal3/a is provisioning (provisioning error: did not boot)" +
        "\n  BareMetalHost metal3/a Healthy is False (Failed: no power)",
    );
    const [status] = machineStatuses(seen([failed], [host]));
    assert.deepEqual(status?.problems, [
      "Provisioned is False (Error: no boot)",
      "BareMetalHost metal3/a is provisioning (provisioning error: did not boot)",
      "BareMetalHost metal3/a Healthy is False (Failed: no power)",
    ]);
    const said = { phase: "Failed", reason: "Lost", message: "no power" };
    assert.match(claimsInError(seen([claimed("one", { status: said })], []))!, /has failed: Lost: no power$/);
    assert.equal(
      claimsInError(seen([claimed("one", { status: { phase: "Failed" } })], [])),
      "\n  machine one has failed",
    );
  });

  it("are in error beside all hosts that are, where nobody says whose these are", () => {
    const hosts = [server("a", "provisioning", { image }, failing), server("b", "provisioned", { image })];
    assert.match(
      claimsInError(seen([failed], hosts))!,
      /machine one has failed: .*\n {2}BareMetalHost metal3\/a is provisioning/,
    );
    assert.doesNotMatch(claimsInError(seen([failed], hosts))!, /metal3\/b/);
  });
});

describe("the servers of a cluster that is gone", () => {
  it("are free once nobody claims them and they are clean", () => {
    assert.deepEqual(notReturned(seen([], [server("a", "available")])), []);
    assert.deepEqual(notReturned(seen([claimed("one")], [server("a", "provisioned", of("one"))])), [
      "machine one is still claimed; BareMetalHost metal3/a is provisioned",
    ]);
    assert.deepEqual(notReturned(seen([claimed("one")], [])), ["machine one is still claimed"]);
    assert.deepEqual(notReturned(seen([], [server("a", "deprovisioning", {}, failing)])), [
      "BareMetalHost metal3/a is deprovisioning (provisioning error: did not boot)",
    ]);
    assert.deepEqual(notReturned(seen([], [server("a", "provisioned", { image: null })])), [
      "BareMetalHost metal3/a is provisioned",
    ]);
  });

  const states = ["", "registering", "available", "provisioning", "provisioned", "deprovisioning"];

  it("are never those that others have, whatever they do", () => {
    const host = fc.record({ state: fc.constantFrom(...states), clean: fc.boolean() });
    fc.assert(
      fc.property(fc.array(host), (given) => {
        const hosts = given.map(({ state, clean }, index) =>
          server(`h${index}`, state, { ...of(`other-${index}`), ...(clean && { image: null }) }),
        );
        assert.deepEqual(notReturned(seen([], hosts)), []);
      }),
    );
  });

  it("are found whoever names whom, and where nobody names anybody", () => {
    const naming = fc.constantFrom("host", "claim", "nobody");
    fc.assert(
      fc.property(naming, fc.boolean(), (by, isClaimed) => {
        const properties: Record<string, string> = by === "claim" ? { "metal3.vcluster.com/server-name": "a" } : {};
        const claim = claimed("one", { spec: { vClusterRef: "search", properties } });
        const host = server("a", "deprovisioning", by === "host" && isClaimed ? of("one") : {});
        assert.equal(notReturned(seen(isClaimed ? [claim] : [], [host])).length > 0, true);
        assert.deepEqual(notReturned(seen([], [server("a", "available")])), []);
      }),
    );
  });
});

describe("machines that Cluster API made for a cluster", () => {
  const machine = (name: string, phase?: string, conditions: object[] = []): Machine => {
    const status = { ...(phase !== undefined && { phase }), conditions };
    return {
      apiVersion: "cluster.x-k8s.io/v1beta2",
      kind: "Machine",
      metadata: { name, namespace: "metal3", labels: { "cluster.x-k8s.io/deployment-name": "search-gpu" } },
      spec: { infrastructureRef: { kind: "Metal3Machine", name } },
      status,
    };
  };
  const consumer = (name: string, namespace = "metal3") => ({
    consumerRef: { kind: "Metal3Machine", name, namespace },
    image,
  });
  const looked = (machines: Machine[], hosts: BareMetalHost[]) => ({
    machines: machines.map((each) => claimedAs(each, hosts)),
    hosts,
  });

  it("are told in the words of claims, with the hosts that name their infrastructure", () => {
    const hosts = [server("a", "provisioned", consumer("two")), server("b", "provisioning", consumer("one"))];
    const type = "search-gpu";
    const waits = { type: "NodeReady", status: "Unknown", reason: "Waiting", message: "no providerID yet" };
    assert.deepEqual(
      machineStatuses(looked([machine("two", "Running"), machine("one", "Provisioning", [waits])], hosts)),
      [
        {
          name: "one",
          phase: "Pending",
          type,
          host: "b",
          hostState: "provisioning",
          problems: ["NodeReady is Unknown (Waiting: no providerID yet)"],
        },
        { name: "two", phase: "Available", type, host: "a", hostState: "provisioned", problems: [] },
      ],
    );
    const others = [server("a", "provisioned", consumer("one", "elsewhere")), server("b", "provisioned", of("one"))];
    assert.deepEqual(machineStatuses(looked([machine("one")], others)), [
      { name: "one", phase: "Pending", type, problems: [] },
    ]);
  });

  it("have failed with their host until they run, and what is as it should be is no fault", () => {
    const hosts = [server("a", "provisioning", consumer("one"), failing)];
    const fine = { type: "Deleting", status: "False", reason: "NotDeleting", message: "it stays" };
    assert.equal(
      claimsInError(looked([machine("one", "Provisioning", [fine])], hosts)),
      "\n  machine one has failed\n  BareMetalHost metal3/a is provisioning (provisioning error: did not boot)",
    );
    assert.equal(claimsInError(looked([machine("one", "Running")], hosts)), undefined);
    const [running] = machineStatuses(looked([machine("one", "Running")], hosts));
    assert.deepEqual(running!.problems, ["BareMetalHost metal3/a is provisioning (provisioning error: did not boot)"]);
    assert.match(claimsInError(looked([machine("one", "Failed")], []))!, /machine one has failed$/);
  });

  it("have given their servers back once both are told no more", () => {
    const hosts = [server("a", "deprovisioning", { consumerRef: consumer("one").consumerRef })];
    assert.deepEqual(notReturned(looked([machine("one", "Deleting")], hosts)), [
      "machine one is still claimed; BareMetalHost metal3/a is deprovisioning",
    ]);
    assert.deepEqual(notReturned(looked([], [server("a", "available")])), []);
  });
});
