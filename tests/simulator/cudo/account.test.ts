import assert from "node:assert/strict";
import { apiKey, ClockCudo, gpuPlace, place, project } from "./clock";

describe("simulated Cudo: catalogue and account", () => {
  let cudo: ClockCudo;
  beforeEach(() => (cudo = new ClockCudo()));

  it("lists data centers, machine types, GPU models and images, unpaged", () => {
    const get = (path: string) => cudo.call("GET", path).body;
    const { dataCenters } = get("/v1/vms/data-centers");
    assert.ok(dataCenters.some(({ id }: { id: string }) => id === place));
    assert.equal(dataCenters[0].supplierName, "Simulated");
    const { machineTypes } = get("/v1/vms/machine-types?projectId=simulator");
    const cpu = machineTypes.find((type: { machineType: string }) => type.machineType === "intel-broadwell");
    assert.deepEqual([cpu.dataCenterId, cpu.maxVcpuPerGpu, cpu.maxGpuFree, cpu.gpuModel], [place, "Infinity", 0, ""]);
    const gpu = get(`/v1/vms/data-centers/${gpuPlace}/machine_types/intel-broadwell-v100`);
    assert.deepEqual([gpu.gpuModel, gpu.maxVcpuPerGpu, gpu.maxGpuFree, gpu.totalGpuFree], ["V100", 24, 8, 64]);
    assert.deepEqual(get("/v1/vms/machine-types-2"), get("/v1/vms/machine-types"));
    assert.ok(get("/v1/vms/gpu-models").gpuModels.every((model: { memoryGib: number }) => model.memoryGib > 0));
    assert.ok(
      get("/v1/vms/public-images").images.some(({ id }: { id: string }) =>
        id.startsWith("ubuntu-2204-nvidia-550-docker-v"),
      ),
    );
    assert.equal(
      cudo.call("GET", `/v1/vms/data-centers/${place}/machine-types/intel-broadwell`).status,
      404,
      "with an underscore only",
    );
    assert.equal(cudo.call("GET", `/v1/vms/data-centers/${place}/machine_types/none`).status, 404);
  });

  it("counts public addresses down and up again", () => {
    const free = () =>
      cudo.call("GET", "/v1/vms/data-centers").body.dataCenters.find(({ id }: { id: string }) => id === place).ipv4Free;
    const before = free();
    cudo.runningVm("a");
    assert.equal(free(), before - 1);
    cudo.ok("POST", "/vms/a/terminate");
    cudo.settle();
    assert.equal(free(), before);
  });

  it("tells who is calling, and makes and removes API keys", () => {
    assert.equal(typeof cudo.call("GET", "/v1/auth").body.emailAddress, "string");
    assert.equal(cudo.call("POST", "/v1/api-keys", { apikeyId: "abc" }).status, 400);
    const { body } = cudo.call("POST", "/v1/api-keys", { apikeyId: "second" });
    assert.equal(cudo.raw("GET", "/v1/auth", "", `Bearer ${body.key}`).status, 200);
    assert.equal(cudo.call("POST", "/v1/api-keys", { apikeyId: "second" }).status, 409);
    const list = cudo.raw("GET", "/v1/api-keys").body;
    assert.doesNotMatch(list, new RegExp(`${body.key}|${apiKey}`));
    assert.equal(cudo.call("DELETE", "/v1/api-keys/second").status, 200);
    assert.equal(cudo.call("DELETE", "/v1/api-keys/second").status, 404);
    assert.equal(cudo.raw("GET", "/v1/auth", "", `Bearer ${body.key}`).status, 401);
  });

  it("keeps SSH keys, with ids and fingerprints of its own", () => {
    const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA0000000000000000000000000000000000000000000 me@home";
    const { body } = cudo.call("POST", "/v1/ssh-keys", { publicKey });
    assert.deepEqual([body.type, body.comment, body.fingerprint.slice(0, 7)], ["ssh-ed25519", "me@home", "SHA256:"]);
    assert.equal(cudo.call("POST", "/v1/ssh-keys", { publicKey }).status, 409);
    assert.equal(cudo.call("POST", "/v1/ssh-keys", { publicKey: "none" }).status, 400);
    assert.equal(cudo.call("GET", `/v1/ssh-keys/${body.id}`).body.publicKey, publicKey);
    assert.equal(cudo.call("GET", "/v1/project/simulator/ssh-keys").body.sshKeys.length, 1);
    assert.equal(cudo.runningVm("a").authorizedSshKeys, publicKey);
    assert.equal(cudo.call("DELETE", `/v1/ssh-keys/${body.id}`).status, 200);
    assert.equal(cudo.call("GET", `/v1/ssh-keys/${body.id}`).status, 404);
    assert.equal(cudo.call("GET", "/v1/ssh-keys").body.totalCount, 0);
  });

  it("keeps projects apart, pages them by token and deletes only empty ones", () => {
    const billing = cudo.call("GET", "/v1/billing-accounts").body.billingAccounts[0].id;
    assert.equal(cudo.call("GET", `/v1/billing-accounts/${billing}`).body.state, "STATE_ACTIVE");
    assert.equal(cudo.call("GET", "/v1/billing-accounts/none").status, 404);
    assert.equal(cudo.call("POST", "/v1/projects", { id: "other", billingAccountId: "none" }).status, 400);
    assert.equal(cudo.call("POST", "/v1/projects", { id: "other", billingAccountId: billing }).status, 200);
    assert.equal(cudo.call("POST", "/v1/projects", { id: "other", billingAccountId: billing }).status, 409);
    assert.equal(cudo.call("PATCH", "/v1/projects/other", { billingAccountId: billing }).status, 200);
    cudo.runningVm("a");
    assert.equal(cudo.call("GET", "/v1/projects/other/vms/a").status, 404);
    assert.equal(cudo.call("GET", project).body.resourceCount, 1);
    assert.match(cudo.refusal("DELETE", ""), /^400 9 .*1 resources/);
    const first = cudo.call("GET", "/v1/projects?pageSize=1").body;
    const second = cudo.call("GET", `/v1/projects?pageSize=1&pageToken=${first.pageToken}`).body;
    assert.deepEqual([first.projects[0].id, second.projects[0].id, second.pageToken], ["simulator", "other", ""]);
    assert.equal(cudo.call("GET", "/v1/projects?pageToken=%00").status, 400);
    assert.equal(cudo.call("DELETE", "/v1/projects/other").status, 200);
    assert.equal(cudo.call("GET", "/v1/projects/other").status, 403);
  });

  it("finds resources by name, VMs without metadata", () => {
    cudo.activeNetwork("web-net");
    cudo.runningVm("web-1", { metadata: { a: "b" } });
    const { results } = cudo.call("GET", "/v1/resources/search?query=web").body;
    assert.deepEqual(
      results.map((result: { resourceType: string }) => result.resourceType),
      ["virtual_machine", "network"],
    );
    assert.equal("metadata" in results[0].virtualMachine, false);
    assert.equal(cudo.call("GET", "/v1/resources/search").status, 400);
  });
});
