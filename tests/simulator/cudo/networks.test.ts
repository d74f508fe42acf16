import assert from "node:assert/strict";
import { ClockCudo, place, vmBody } from "./clock";

describe("simulated Cudo: networks and security groups", () => {
  let cudo: ClockCudo;
  beforeEach(() => (cudo = new ClockCudo()));

  it("makes a network that becomes ACTIVE with a gateway, answered bare", () => {
    const created = cudo.ok("POST", "/networks", { id: "net", dataCenterId: place, ipRange: "10.0.3.7/24" });
    assert.deepEqual([created.id, created.state, created.gateway], ["net", "CREATING", ""]);
    cudo.settle();
    const network = cudo.ok("GET", "/networks/net");
    assert.deepEqual([network.state, network.gateway, network.ipRange], ["ACTIVE", "10.0.3.1", "10.0.3.0/24"]);
    assert.match(network.priceHr.value, /^0\.\d+$/);
  });

  it("refuses ranges that are public, too small or none, and ids in use", () => {
    for (const ipRange of ["8.8.8.0/24", "10.0.0.0/30", "10.0.0.0", "10.0.0.0/33", "10.0.0.256/24", "::/64"]) {
      assert.match(cudo.refusal("POST", "/networks", { id: "net", dataCenterId: place, ipRange }), /^400 3 ipRange/);
    }
    cudo.activeNetwork("net");
    assert.equal(
      cudo.refusal("POST", "/networks", { id: "net", dataCenterId: place, ipRange: "10.0.0.0/24" }),
      "409 6 A network with that id already exists",
    );
    assert.match(cudo.refusal("GET", "/networks/none"), /^404 5/);
  });

  it("is not deleted while VMs are attached, then goes through DELETING", () => {
    cudo.activeNetwork("net");
    cudo.runningVm("a", { nics: [{ networkId: "net" }] });
    assert.match(cudo.refusal("DELETE", "/networks/net"), /^400 9 .*1 virtual machines/);
    cudo.ok("POST", "/vms/a/terminate");
    assert.match(cudo.refusal("DELETE", "/networks/net"), /^400 9/, "the VM is not gone yet");
    cudo.settle();
    cudo.ok("DELETE", "/networks/net");
    cudo.ok("DELETE", "/networks/net");
    assert.equal(cudo.ok("GET", "/networks/net").state, "DELETING");
    cudo.settle();
    assert.match(cudo.refusal("DELETE", "/networks/net"), /^404 5/);
  });

  it("runs full, with code 9", () => {
    cudo.activeNetwork("net", "192.168.0.0/29");
    const nics = [{ networkId: "net" }];
    for (let index = 0; index < 5; index++) cudo.runningVm(`vm-${index}`, { nics });
    assert.equal(
      cudo.refusal("POST", "/vm", vmBody("more", { nics })),
      "400 9 Vm cannot be assigned ip from network. Network full",
    );
  });

  it("stops and starts its router", () => {
    cudo.activeNetwork("net");
    cudo.ok("POST", "/networks/net/stop");
    assert.match(cudo.refusal("POST", "/networks/net/start"), /^400 9/);
    cudo.settle();
    assert.equal(cudo.ok("GET", "/networks/net").state, "STOPPED");
    cudo.ok("POST", "/networks/net/start");
    cudo.settle();
    assert.equal(cudo.ok("GET", "/networks/net").state, "ACTIVE");
  });

  const rule = { protocol: "PROTOCOL_TCP", ruleType: "RULE_TYPE_INBOUND", ports: "80,443", ipRangeCidr: "10.0.0.0/8" };

  it("makes a group without rules, and PATCH replaces all rules with new ids", () => {
    assert.deepEqual(cudo.ok("POST", "/security-groups", { id: "sg", dataCenterId: place }).rules, []);
    const update = (body: object) => cudo.ok("PATCH", "/security-groups/sg", { dataCenterId: place, ...body });
    const first = update({ description: "Web", rules: [rule, { ...rule, ports: "1024:2048" }] });
    assert.equal(new Set(first.rules.map(({ id }: { id: string }) => id)).size, 2);
    assert.deepEqual(update({ rules: [rule] }).rules.length, 1);
    assert.equal(cudo.ok("GET", "/security-groups/sg").description, "", "what is not sent is cleared");
    assert.deepEqual(update({}).rules, []);
    assert.match(cudo.refusal("PATCH", "/security-groups/sg", { rules: [] }), /^400 3 dataCenterId is required/);
    assert.match(
      cudo.refusal("PATCH", "/security-groups/sg", { dataCenterId: "us-newyork-1" }),
      /^400 3 dataCenterId cannot/,
    );
    assert.match(cudo.refusal("POST", "/security-groups", { id: "sg", dataCenterId: place }), /^409 6/);
  });

  it("refuses rules that are wrong, and says which field", () => {
    const cases: [object, RegExp][] = [
      [{ protocol: undefined }, /rules\[0\]\.protocol is required/],
      [{ ruleType: "RULE_TYPE_UNKNOWN" }, /rules\[0\]\.ruleType is required/],
      [{ ports: "0" }, /ports "0"/],
      [{ ports: "70000" }, /ports/],
      [{ ports: "20-30" }, /ports/],
      [{ ports: "2048:1024" }, /ports/],
      [{ protocol: "PROTOCOL_ICMP" }, /ports can be given/],
      [{ ipRangeCidr: "10.0.0/8" }, /ipRangeCidr/],
      [{ protocol: "PROTOCOL_ICMP", ports: "", icmpType: "7" }, /icmpType/],
    ];
    for (const [change, expected] of cases) {
      const body = { id: "sg", dataCenterId: place, rules: [{ ...rule, ...change }] };
      assert.match(cudo.refusal("POST", "/security-groups", body), expected);
    }
    assert.match(
      cudo.refusal("POST", "/security-groups", { id: "sg", dataCenterId: place, description: "a/b" }),
      /^400 3 description/,
    );
  });

  it("takes a deleted group off the VMs that use it", () => {
    cudo.activeNetwork("net");
    cudo.ok("POST", "/security-groups", { id: "sg", dataCenterId: place });
    cudo.runningVm("public", { securityGroupIds: ["sg"] });
    cudo.runningVm("private", { nics: [{ networkId: "net", securityGroupIds: ["sg"] }] });
    cudo.ok("DELETE", "/security-groups/sg");
    assert.deepEqual([cudo.vm("public").securityGroupIds, cudo.vm("private").nics[0].securityGroupIds], [[], []]);
    assert.match(cudo.refusal("DELETE", "/security-groups/sg"), /^404 5/);
  });

  it("pages networks and groups, and filters groups by data center", () => {
    for (let index = 0; index < 25; index++)
      cudo.ok("POST", "/security-groups", { id: `sg-${index}`, dataCenterId: place });
    cudo.ok("POST", "/security-groups", { id: "far", dataCenterId: "us-newyork-1" });
    const page = (query: string) => {
      const { securityGroups, totalCount, pageNumber, pageSize } = cudo.ok("GET", `/security-groups${query}`);
      return [securityGroups.length, totalCount, pageNumber, pageSize];
    };
    assert.deepEqual(page(""), [20, 26, 1, 20]);
    assert.deepEqual(page("?pageNumber=2"), [6, 26, 2, 20]);
    assert.deepEqual(page("?pageNumber=3"), [0, 26, 3, 20]);
    assert.deepEqual(page("?pageSize=1000"), [26, 26, 1, 100]);
    assert.deepEqual(page("?dataCenterId=us-newyork-1"), [1, 1, 1, 20]);
    assert.match(cudo.refusal("GET", "/security-groups?pageSize=x"), /^400 3 type mismatch, parameter: pageSize/);
    assert.deepEqual(cudo.ok("GET", "/networks"), { networks: [], totalCount: 0, pageNumber: 1, pageSize: 20 });
  });
});
