import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { MachineAddresses } from "../../../simulator/aws/addresses";
import { decodeUserData, Instances } from "../../../simulator/aws/instances";
import type { InstanceEvent } from "../../../simulator/aws/moto-process";
import { startAwsSimulator } from "../../../simulator/aws";
import { ensureMoto } from "../../../toolchain/tools/moto";
import { pinnedVersionOf } from "../../../toolchain/tools/python";
import { until } from "../../until";
import { instance } from "./instance-event";

const run = promisify(execFile);

describe("moto", () => {
  it("is installed once, in an environment of its own, in the version that is pinned", async function () {
    this.timeout(300_000);
    const { python } = await ensureMoto();
    const version = await run(python, ["-c", "import moto; print(moto.__version__)"]);
    assert.match(version.stdout.trim(), /^5\.\d+\.\d+$/);
    const reports: string[] = [];
    assert.deepEqual(await ensureMoto({ report: (subject) => reports.push(subject) }), { python });
    assert.deepEqual(reports, []);
  });

  it("says what is missing where there is no Python", async () => {
    const cache = await mkdtemp(join(tmpdir(), "gpu-clusters-moto-"));
    try {
      await assert.rejects(
        ensureMoto({ environment: { PATH: cache, XDG_CACHE_HOME: cache }, report: () => undefined }),
        /moto, which needs Python 3\.10 or newer: no such python3 on PATH\. Install Python, or use a cloud other than aws/,
      );
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  });

  it("reads its version from the requirements", () => {
    assert.equal(pinnedVersionOf("moto", "flask==3.1.3 \\\nmoto==5.2.5 \\\n    --hash=sha256:aa\n"), "5.2.5");
    assert.throws(() => pinnedVersionOf("moto", "flask==3.1.3"), /does not pin moto/);
  });

  it("ends with the process that started it, however that ends", async function () {
    this.timeout(300_000);
    const stateDir = await mkdtemp(join(tmpdir(), "gpu-clusters-aws-"));
    const program = [
      'const { startAwsSimulator } = require("./simulator/aws");',
      `startAwsSimulator({ stateDir: ${JSON.stringify(stateDir)} }).then(({ endpoint }) => console.log(endpoint));`,
      "setInterval(() => undefined, 1000);",
    ].join("\n");
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "--eval", program], {
      cwd: join(__dirname, "../../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      const endpoint = line.toString().trim();
      assert.equal((await fetch(`${endpoint}/_simulator/faults`)).status, 200);
      child.kill("SIGKILL");
      await until("the end of moto", () =>
        fetch(`${endpoint}/_simulator/faults`).then(
          () => false as const,
          () => true,
        ),
      );
    } finally {
      child.kill("SIGKILL");
      await rm(stateDir, { recursive: true, force: true });
    }
  });

  it("can be closed twice, and reports a port that is taken", async function () {
    this.timeout(300_000);
    const stateDir = await mkdtemp(join(tmpdir(), "gpu-clusters-aws-"));
    const simulator = await startAwsSimulator({ stateDir });
    try {
      const port = Number(new URL(simulator.endpoint).port);
      await assert.rejects(
        startAwsSimulator({ stateDir, port }),
        /the simulated AWS \(moto\) ended at its start[^]*in use/i,
      );
    } finally {
      await Promise.all([simulator.close(), simulator.close()]);
      await rm(stateDir, { recursive: true, force: true });
    }
  });
});

describe("machines of instances", () => {
  const event = (rest: Partial<InstanceEvent>): InstanceEvent => ({ ...instance, instanceId: "i-1", ...rest });

  it("gives each instance a loopback address of its own, and the one of its private address where that is free", () => {
    const octet = fc.integer({ min: 1, max: 254 });
    const privateIp = fc
      .tuple(fc.constantFrom(0, 1), fc.constantFrom(1, 2), octet)
      .map(([a, b, c]) => `10.${a}.${b}.${c}`);
    fc.assert(
      fc.property(fc.array(privateIp, { maxLength: 30 }), (addresses) => {
        const pool = new MachineAddresses();
        const given = addresses.map((address, index) => pool.of(`i-${index}`, address));
        assert.equal(new Set(given).size, given.length);
        for (const address of given) assert.match(address, /^127\.78\.\d+\.([1-9]\d?|1\d\d|2[0-4]\d|25[0-4])$/);
        if (given[0]) assert.equal(given[0].split(".").slice(2).join("."), addresses[0]!.split(".").slice(2).join("."));
        assert.deepEqual(
          addresses.map((address, index) => pool.of(`i-${index}`, address)),
          given,
        );
      }),
    );
  });

  it("wants a machine from the first run of an instance until it shuts down", () => {
    const instances = new Instances({ startScript: (data) => data });
    const wanted = () => [...instances.machines().values()].map(({ powered, boots }) => ({ powered, boots }));
    instances.apply(event({ state: "pending", boots: 0 }));
    assert.deepEqual(wanted(), []);
    instances.apply(event({ publicIp: "127.79.0.1" }));
    assert.deepEqual(wanted(), [{ powered: true, boots: 1 }]);
    const forwards = () =>
      [...instances.forwards()].map(([publicIp, { machines, balanced }]) => [
        publicIp,
        machines.map(({ address }) => address),
        balanced,
      ]);
    const direct = ["127.79.0.1", ["127.78.0.7"], false];
    assert.deepEqual(forwards(), [direct]);
    const balancer = { region: "us-west-2", address: "127.79.0.2" };
    instances.balance({ ...balancer, targets: ["i-1", "i-none"] });
    assert.deepEqual(forwards(), [direct, ["127.79.0.2", ["127.78.0.7"], true]]);
    instances.balance({ ...balancer, targets: [] });
    assert.deepEqual(forwards(), [direct]);
    instances.apply(event({ state: "stopping" }));
    assert.deepEqual(wanted(), [{ powered: false, boots: 1 }]);
    instances.apply(event({ boots: 2 }));
    assert.deepEqual(wanted(), [{ powered: true, boots: 2 }]);
    instances.apply(event({ state: "shutting-down" }));
    assert.deepEqual(wanted(), []);
    assert.deepEqual(forwards(), []);
  });

  it("reads user data as cloud-init does", () => {
    assert.equal(decodeUserData(Buffer.from("#!/bin/sh\n").toString("base64")), "#!/bin/sh\n");
    assert.equal(decodeUserData(null), "");
  });
});
