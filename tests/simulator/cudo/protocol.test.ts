import assert from "node:assert/strict";
import { apiKey, ClockCudo, place, project, vmBody } from "./clock";

describe("simulated Cudo: the gateway", () => {
  let cudo: ClockCudo;
  beforeEach(() => (cudo = new ClockCudo()));

  it("answers 401 without a valid bearer key and 403 for a project that the key cannot see", () => {
    for (const authorization of ["", apiKey, "Bearer ", "Bearer wrong", `Basic ${apiKey}`]) {
      const { status, body } = cudo.raw("GET", "/v1/auth", "", authorization);
      assert.equal(status, 401);
      assert.deepEqual(Object.keys(JSON.parse(body)), ["code", "message", "details"]);
      assert.equal(JSON.parse(body).code, 16);
    }
    assert.equal(cudo.call("GET", "/v1/projects/other/vms").body.code, 7);
    assert.equal(cudo.call("GET", "/v1/projects/other/vms").status, 403);
  });

  it("answers unknown routes with the gateway's own 404, and what it leaves out with 501", () => {
    assert.deepEqual(cudo.call("GET", "/v1/none"), {
      status: 404,
      body: { code: 5, message: "Not Found", details: [] },
    });
    assert.equal(cudo.raw("GET", "/v1/none", "", "").status, 404, "routes come before keys");
    for (const path of [`${project}/machines`, `${project}/clusters/c`, "/v1/machines-types", "/v1/volumes/prices"]) {
      const { status, body } = cudo.call("GET", path);
      assert.deepEqual([status, body.code, body.message], [501, 12, `Not simulated: ${path}`]);
    }
    assert.equal(cudo.call("GET", `${project}/vms/%E0%A4%A`).status, 400, "a path that cannot be decoded");
  });

  it("refuses unknown fields, wrong types, unknown enum values and bad JSON in protojson's words", () => {
    const message = (body: string) => JSON.parse(cudo.raw("POST", `${project}/vm`, body).body).message;
    assert.equal(message('{\n  "vmId": "a",\n  "flavor": 1\n}'), 'proto: (line 3:3): unknown field "flavor"');
    assert.match(message('{"vcpus": 1.5}'), /^proto: \(line 1:2\): invalid value for int field vcpus: 1\.5/);
    assert.match(message('{"vmId": 1}'), /invalid value for string field vmId: 1/);
    assert.match(message('{"validateOnly": "yes"}'), /invalid value for bool field/);
    assert.match(message('{"metadata": {"a": 1}}'), /invalid value for stringMap field metadata/);
    assert.match(message('{"sshKeySource": "MINE"}'), /invalid value for enum field sshKeySource: "MINE"/);
    assert.match(message('{"nics": [{"subnet": "x"}]}'), /unknown field "subnet"/);
    assert.match(message('{"nics": {}}'), /invalid value for repeated field nics/);
    assert.match(message('{"ttl": "1h"}'), /invalid value for duration field ttl/);
    assert.match(message('{"expireTime": "tomorrow"}'), /invalid value for timestamp/);
    assert.match(message('{"vmId": "a", "vm_id": "b"}'), /duplicate field "vm_id"/);
    assert.match(
      message('{"ttl": "1s", "expireTime": "2030-01-01T00:00:00Z"}'),
      /oneof CreateVMRequest\.expiration is already set/,
    );
    assert.match(message("[]"), /syntax error/);
    assert.match(message("{"), /^proto: syntax error \(line 1:1\): unexpected token \{/);
  });

  it("reads bodies before it asks who is calling, as gateways do", () => {
    assert.equal(cudo.raw("POST", `${project}/vm`, "{", "").status, 400);
    assert.equal(cudo.raw("POST", `${project}/vm`, "{}", "").status, 401);
  });

  it("accepts snake_case, numbers in strings, enum numbers and nulls", () => {
    const body = {
      vm_id: "a",
      data_center_id: place,
      machine_type: "intel-broadwell",
      boot_disk_image_id: "debian-12",
      vcpus: "2",
      memory_gib: 4,
      gpus: 0,
    };
    const extras = { boot_disk: { size_gib: 40 }, ssh_key_source: 3, password: null };
    assert.equal(cudo.ok("POST", "/vm", { ...body, ...extras }).vm.bootDiskSizeGib, 40);
    assert.equal(cudo.vm("a").sshKeySource, "SSH_KEY_SOURCE_NONE");
  });

  it("ignores unknown query parameters and read-only fields", () => {
    assert.equal(cudo.call("GET", `${project}/vms?color=red`).status, 200);
    cudo.ok("POST", "/disks", { id: "d", dataCenterId: place, sizeGib: 1, diskState: "READY" });
    assert.equal(cudo.ok("GET", "/disks/d").disk.diskState, "CREATING");
  });

  it("blocks keys together with a large start script before the API, in HTML", () => {
    const body = (startScript: string, customSshKeys: string[]) =>
      JSON.stringify(vmBody("a", { startScript, customSshKeys }));
    const large = "x".repeat(9_000);
    const blocked = cudo.raw("POST", `${project}/vm`, body(large, ["ssh-ed25519 AAAA k"]));
    assert.deepEqual([blocked.status, blocked.contentType], [403, "text/html"]);
    assert.throws(() => JSON.parse(blocked.body), SyntaxError);
    assert.equal(cudo.raw("POST", `${project}/vm`, body("short", ["ssh-ed25519 AAAA k"])).status, 200);
    assert.equal(cudo.raw("POST", `${project}/vm`, body(large, [])).status, 409, "the API was reached");
  });
});
