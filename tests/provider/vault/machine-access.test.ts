import assert from "node:assert/strict";
import { InvalidArguments } from "../../../provider/server/resource";
import { openMachineAccess } from "../../../provider/vault/machine-access";
import { RoleStandIn, standInToken } from "./role-stand-in";

const never = new AbortController().signal;

describe("what a machine with an encrypted disk has in Vault", () => {
  let vault: RoleStandIn;
  beforeEach(async () => (vault = await RoleStandIn.start()));
  afterEach(() => vault.close());

  const access = (more: object = {}, token: unknown = standInToken) =>
    openMachineAccess({ vault: { token } }, { ...vault.place, ...more }, "Lab_1");

  it("is a role of its own, of the machines' policy, and a one-time token for a secret id", async () => {
    const { roleId, wrappedSecretId, keyPath } = await access().grant("train-gpu-0", never);
    const role = vault.roles.get("gpu-clusters/lab_1.train-gpu-0")!;
    assert.deepEqual([roleId, [wrappedSecretId]], [role.id, role.wrapped]);
    assert.equal(keyPath, "gpu-clusters/lab_1.train-gpu-0");
    assert.deepEqual(role.settings, {
      token_policies: ["gpu-clusters-machine"],
      token_ttl: "10m",
      token_max_ttl: "10m",
    });
  });

  it("is another one-time token each time that it is given, and one role", async () => {
    const [first, second] = [await access().grant("a", never), await access().grant("a", never)];
    assert.equal(first.roleId, second.roleId);
    assert.notEqual(first.wrappedSecretId, second.wrappedSecretId);
    assert.deepEqual(await access().machines(never), ["a"]);
  });

  it("is in the mounts, the namespace and under the policy that the program says", async () => {
    const own = access({ authMount: "machines/cudo", keyMount: "kv", policy: "disks", namespace: "lab" });
    await own.grant("a", never);
    vault.keys.set("kv/gpu-clusters/lab_1.a", "key");
    assert.deepEqual(vault.roles.get("machines/cudo/lab_1.a")!.settings["token_policies"], ["disks"]);
    await own.revoke("a", never);
    assert.deepEqual(vault.left(), []);
    assert.deepEqual([...vault.namespaces], ["lab"]);
  });

  it("is taken back with the key of its disk, also twice, and nobody else's", async () => {
    for (const name of ["a", "b"]) {
      await access().grant(name, never);
      vault.writeKey(`gpu-clusters/lab_1.${name}`);
    }
    for (let again = 0; again < 2; again++) await access().revoke("a", never);
    assert.deepEqual(vault.left(), ["gpu-clusters/lab_1.b", "secret/gpu-clusters/lab_1.b"]);
    assert.deepEqual(await access().machines(never), ["b"]);
    assert.deepEqual(
      await openMachineAccess({ vault: { token: standInToken } }, vault.place, "other").machines(never),
      [],
    );
  });

  it("leaves the keys of its data disks, which go one by one with their disks, also twice", async () => {
    await access().grant("a", never);
    const disks = ["one", "two"].map((disk) => `gpu-clusters/lab_1.a/disks/${disk}`);
    for (const path of ["gpu-clusters/lab_1.a", ...disks]) vault.writeKey(path);
    await access().revoke("a", never);
    assert.deepEqual(
      vault.left(),
      disks.map((path) => `secret/${path}`),
    );
    for (let again = 0; again < 2; again++) await access().forgetDisk("a", "one", never);
    assert.deepEqual(vault.left(), [`secret/${disks[1]}`]);
  });

  it("keeps what was made for a machine that gets the name of one whose disk is gone, but not that disk's key", async () => {
    await access().grant("a", never, "#!/bin/bash");
    const before = vault.left();
    vault.writeKey("gpu-clusters/lab_1.a");
    for (let again = 0; again < 2; again++) await access().forgetKey("a", never);
    assert.deepEqual(vault.left(), before);
  });

  it("is refused where the engine would keep keys of disks that are gone, and leaves no script there", async () => {
    vault.isUnversioned = true;
    await assert.rejects(
      access().grant("a", never, "#!/bin/bash\n# KEYS"),
      ({ message }: Error) =>
        /^vault\.keyMount: "secret" is a KV engine of version 1, .*`vault kv enable-versioning secret`/.test(message) &&
        !message.includes("KEYS"),
    );
    assert.deepEqual([...vault.keys.keys()], []);
  });

  it("has the machine's script before anybody can log in as it, and not after", async () => {
    const { keyPath } = await access().grant("a", never, "#!/bin/bash\n# keys");
    assert.equal(vault.keys.get(`secret/${keyPath}/start`), JSON.stringify({ script: "#!/bin/bash\n# keys" }));
    const [script, login] = [
      "POST secret/data/gpu-clusters/lab_1.a/start",
      "POST auth/gpu-clusters/role/lab_1.a/secret-id",
    ];
    assert.ok(vault.requests.indexOf(script) < vault.requests.indexOf(login), vault.requests.join("\n"));
    await access().grant("a", never, "another");
    assert.equal(vault.keys.get(`secret/${keyPath}/start`), JSON.stringify({ script: "another" }));
    await access().revoke("a", never);
    assert.deepEqual(vault.left(), []);
  });

  it("comes although answers are lost and Vault is sealed for a moment", async () => {
    const troubled = new Set<string>();
    vault.trouble = (request) => {
      if (troubled.has(request)) return undefined;
      troubled.add(request);
      return troubled.size % 2 === 0 ? "lost" : "sealed";
    };
    await access().grant("a", never, "#!/bin/bash");
    await access().revoke("a", never);
    assert.deepEqual(vault.left(), []);
    assert.equal(troubled.size, 7);
  });

  it("is refused with Vault's words and what to look at, and without the token", async () => {
    await assert.rejects(access({}, "hvs.wrong-token").grant("a", never), (error: Error) => {
      assert.match(error.message, /^Vault: .*permission denied.*HTTP 403.*vault\.token, or VAULT_TOKEN/s);
      assert.doesNotMatch(error.message, /wrong-token/);
      return true;
    });
    assert.throws(() => openMachineAccess({}, vault.place, "lab"), InvalidArguments);
    const stranger = await RoleStandIn.start();
    await stranger.close();
    const timely = AbortSignal.timeout(200);
    await assert.rejects(access({ address: stranger.server.endpoint }).grant("a", timely), { name: "TimeoutError" });
  });
});
