import assert from "node:assert/strict";
import fc from "fast-check";
import type { CatalogueContent } from "../../../provider/cudo/catalogue";
import { capacityProblem, checkNodeShape, type Demand, type NodeShape } from "../../../provider/cudo/node-shape";
import { sizeProblems, suggestSize, type Size } from "../../../provider/cudo/shape";
import type { Image, MachineType } from "../../../provider/cudo/types";

const type: MachineType = {
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
  cpuModel: "Intel Broadwell",
  gpuModel: "V100",
  gpuModelId: "nvidia-v100",
  minVcpu: 2,
  minMemoryGib: 4,
  minVcpuPerMemoryGib: 0.25,
  maxVcpuPerMemoryGib: 1,
  minVcpuPerGpu: 1,
  maxVcpuPerGpu: 12,
  vcpuPriceHr: "0",
  memoryGibPriceHr: "0",
  gpuPriceHr: "0",
  storageGibPriceHr: "0",
  ipv4PriceHr: "0",
  maxVcpuFree: 64,
  maxMemoryGibFree: 512,
  maxGpuFree: 4,
  maxStorageGibFree: 1000,
  totalVcpuFree: 128,
  totalMemoryGibFree: 1024,
  totalGpuFree: 8,
  totalStorageGibFree: 5000,
};

const ratio = fc.integer({ min: 1, max: 40 }).map((tenths) => tenths / 10);
const machineTypes: fc.Arbitrary<MachineType> = fc
  .record({
    minVcpu: fc.integer({ min: 0, max: 8 }),
    minMemoryGib: fc.integer({ min: 0, max: 16 }),
    perGib: fc.tuple(ratio, ratio),
    perGpu: fc.tuple(ratio, ratio),
    unbounded: fc.boolean(),
    gpuModel: fc.constantFrom("", "V100"),
  })
  .map(({ minVcpu, minMemoryGib, perGib, perGpu, unbounded, gpuModel }) => ({
    ...type,
    minVcpu,
    minMemoryGib,
    gpuModel,
    gpuModelId: gpuModel && "nvidia-v100",
    minVcpuPerMemoryGib: Math.min(...perGib),
    maxVcpuPerMemoryGib: unbounded ? Infinity : Math.max(...perGib),
    minVcpuPerGpu: Math.min(...perGpu),
    maxVcpuPerGpu: unbounded ? Infinity : Math.max(...perGpu),
  }));
const sizes: fc.Arbitrary<Size> = fc.record({
  vcpus: fc.integer({ min: 0, max: 200 }),
  memoryGib: fc.integer({ min: 0, max: 400 }),
  gpus: fc.integer({ min: 0, max: 8 }),
});

/** Cudo's rules as its reference writes them. */
function keepsRules({ vcpus, memoryGib, gpus }: Size, of: MachineType): boolean {
  const close = 1e-6;
  const perGib =
    vcpus >= memoryGib * of.minVcpuPerMemoryGib - close && vcpus <= memoryGib * of.maxVcpuPerMemoryGib + close;
  const perGpu = gpus === 0 || (vcpus >= gpus * of.minVcpuPerGpu - close && vcpus <= gpus * of.maxVcpuPerGpu + close);
  const possible = vcpus >= 1 && memoryGib >= 1 && (gpus === 0 || of.gpuModel !== "");
  return possible && vcpus >= of.minVcpu && memoryGib >= of.minMemoryGib && perGib && perGpu;
}

describe("Cudo shapes", () => {
  it("accepts a size exactly when every rule is kept", () => {
    fc.assert(
      fc.property(sizes, machineTypes, (size, of) =>
        assert.equal(sizeProblems(size, of).length === 0, keepsRules(size, of)),
      ),
    );
  });

  it("suggests sizes that are accepted, and does not change accepted ones", () => {
    fc.assert(
      fc.property(sizes, machineTypes, (size, of) => {
        const suggestion = suggestSize(size, of);
        if (suggestion) assert.deepEqual(sizeProblems(suggestion, of), []);
        if (keepsRules(size, of)) assert.deepEqual(suggestion, { ...size });
      }),
    );
  });

  it("finds a size wherever there is one near", () => {
    fc.assert(
      fc.property(sizes, machineTypes, (size, of) => {
        fc.pre(keepsRules(size, of));
        assert.ok(suggestSize({ ...size, vcpus: size.vcpus + 1000 }, of));
        assert.ok(suggestSize({ ...size, memoryGib: size.memoryGib + 1000 }, of));
      }),
    );
  });

  it("names the field, the wrong value, and a size that would do", () => {
    fc.assert(
      fc.property(sizes, machineTypes, (size, of) => {
        for (const { field, reason } of sizeProblems(size, of)) {
          assert.match(reason, new RegExp(`\\b${size[field]}\\b`));
          const advised = /vcpus (\d+) and memoryGib (\d+)(?: with gpus (\d+))? would do/.exec(reason);
          if (!advised) continue;
          const [vcpus, memoryGib, gpus] = advised.slice(1).map((text) => Number(text ?? 0)) as [
            number,
            number,
            number,
          ];
          assert.ok(keepsRules({ vcpus, memoryGib, gpus }, of), reason);
        }
      }),
    );
  });

  const violations: [string, Partial<Size>, RegExp][] = [
    ["least vCPUs", { vcpus: 1, memoryGib: 4 }, /1 is less than 2, intel-broadwell-v100's least/],
    ["least memory", { vcpus: 2, memoryGib: 2 }, /2 is less than intel-broadwell-v100's least, 4 GiB/],
    [
      "vCPUs per GiB, low",
      { vcpus: 2, memoryGib: 16 },
      /2 is less than 4, the least for 16 GiB .*0\.25 or more per GiB/,
    ],
    ["vCPUs per GiB, high", { vcpus: 9, memoryGib: 8 }, /9 is more than 8, the most for 8 GiB .*at most 1 per GiB/],
    ["vCPUs per GPU, low", { vcpus: 2, memoryGib: 8, gpus: 4 }, /2 is less than 4, the least for 4 GPUs/],
    [
      "vCPUs per GPU, high",
      { vcpus: 16, memoryGib: 32, gpus: 1 },
      /16 is more than 12, the most for 1 GPU .*; vcpus 12 and memoryGib 32 with gpus 1 would do/,
    ],
    ["whole numbers", { vcpus: 2.5, memoryGib: 8 }, /whole number of at least 1, is 2\.5/],
  ];
  for (const [what, size, expected] of violations) {
    it(`says which bound is broken: ${what}`, () => {
      const reasons = sizeProblems({ vcpus: 4, memoryGib: 8, gpus: 0, ...size }, type).map(({ reason }) => reason);
      assert.equal(reasons.length, 1);
      assert.match(reasons[0]!, expected);
    });
  }
});

const image = (id: string, sizeGib: number): Image => {
  return { id, name: id, description: "", platform: "linux", sizeGib, packages: [] };
};
const catalogue: CatalogueContent = {
  dataCenters: [
    {
      id: "us-newyork-1",
      supplierName: "",
      renewableEnergy: false,
      ipv4Free: 2,
      ipv4PriceHr: "0",
      networkPriceHr: "0",
    },
    {
      id: "se-stockholm-1",
      supplierName: "",
      renewableEnergy: true,
      ipv4Free: 9,
      ipv4PriceHr: "0",
      networkPriceHr: "0",
    },
  ],
  machineTypes: [
    type,
    { ...type, machineType: "cpu", gpuModel: "", gpuModelId: "" },
    { ...type, dataCenterId: "se-stockholm-1", maxGpuFree: 8 },
  ],
  images: [image("ubuntu-2404", 5), image("ubuntu-2204-nvidia-550-docker-v20250303", 20)],
};
const shape: NodeShape = {
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
  vcpus: 4,
  memoryGib: 16,
  gpus: 1,
  gpuModel: "v100",
  diskSizeGib: 50,
  image: "ubuntu-2404",
};

describe("Cudo node shapes against the catalogue", () => {
  const check = (rest: Partial<NodeShape>) => checkNodeShape({ ...shape, ...rest }, catalogue);

  it("accepts what is offered, and what is not known yet", () => {
    assert.deepEqual(check({}), []);
    const unknown = Object.fromEntries(Object.keys(shape).map((key) => [key, undefined])) as unknown as NodeShape;
    assert.deepEqual(checkNodeShape(unknown, catalogue), []);
    for (const key of Object.keys(shape)) assert.deepEqual(check({ [key]: undefined }), []);
  });

  it("says what there is instead", () => {
    assert.match(check({ dataCenterId: "x" })[0]!.reason, /there are: se-stockholm-1, us-newyork-1/);
    assert.match(check({ machineType: "x" })[0]!.reason, /offered there: cpu, intel-broadwell-v100/);
    assert.match(
      check({ dataCenterId: "se-stockholm-1", machineType: "cpu" })[0]!.reason,
      /cpu is offered in: us-newyork-1/,
    );
    assert.match(check({ gpuModel: "H100" })[0]!.reason, /"H100": intel-broadwell-v100 has the model "V100"/);
    assert.match(
      check({ machineType: "cpu", gpuModel: undefined })[0]!.reason,
      /cpu has no GPUs, so it must be 0, is 1/,
    );
    assert.match(
      check({ image: "ubuntu-2204-nvidia-999" })[0]!.reason,
      /there are: ubuntu-2204-nvidia-550-docker-v20250303/,
    );
    assert.match(
      check({ image: "ubuntu-2204-nvidia-550-docker", diskSizeGib: 10 })[0]!.reason,
      /10 is less than the image .* needs, 20 GiB/,
    );
  });

  it("names what was probably meant, where it is offered at all", () => {
    const reason = (rest: Partial<NodeShape>) => check(rest)[0]!.reason;
    assert.match(reason({ dataCenterId: "us-newyrok-1" }), / Cudo \(did you mean "us-newyork-1"\?\); there are: /);
    assert.match(
      reason({ machineType: "intel-brodwell-v100" }),
      /is not offered in us-newyork-1 \(did you mean "intel-broadwell-v100"\?\); offered there: /,
    );
    for (const rest of [
      { dataCenterId: "mars" },
      { machineType: "cray" },
      { dataCenterId: "se-stockholm-1", machineType: "cpu" },
    ])
      assert.doesNotMatch(reason(rest), /did you mean/);
  });

  it("refuses Windows, which runs no start script of ours", () => {
    const windows: Image = { ...image("windows-11-pro", 5), platform: "windows" };
    assert.deepEqual(
      checkNodeShape({ ...shape, image: "windows-11" }, { ...catalogue, images: [...catalogue.images, windows] }),
      [{ property: "image", reason: "windows-11-pro is Windows, and machines run Linux" }],
    );
  });

  it("reports several problems at once", () => {
    const properties = check({ vcpus: 50, gpuModel: "H100", image: "none" }).map(({ property }) => property);
    assert.deepEqual(properties, ["gpuModel", "vcpus", "image"]);
  });

  const demand: Demand = {
    dataCenterId: "us-newyork-1",
    machineType: "intel-broadwell-v100",
    vcpus: 8,
    memoryGib: 32,
    gpus: 1,
    diskSizeGib: 50,
    publicAddresses: 1,
    count: 1,
  };
  it("knows what is free on one host, in all, and elsewhere", () => {
    const problem = (rest: Partial<Demand>) => capacityProblem({ ...demand, ...rest }, catalogue)?.reason;
    assert.equal(problem({}), undefined);
    assert.match(
      problem({ gpus: 8 })!,
      /no intel-broadwell-v100 host with 8 GPUs free now; most free on one host: 4; free in: se-stockholm-1/,
    );
    assert.match(
      problem({ count: 9, publicAddresses: 0 })!,
      /9 VMs of intel-broadwell-v100 need 9 GPUs, data center us-newyork-1 has 8 free now/,
    );
    assert.match(
      problem({ count: 3, publicAddresses: 3 })!,
      /3 public IPv4 addresses are needed, data center us-newyork-1 has 2 free now/,
    );
    assert.equal(problem({ count: 0, gpus: 100 }), undefined);
  });
});
