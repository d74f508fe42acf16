import assert from "node:assert/strict";
import fc from "fast-check";
import { checkCudoConfig } from "../../../sdk/cudo/config";
import { checkKeycloakConfig } from "../../../sdk/keycloak/config";
import { vaultProblems } from "../../../sdk/vault/problems";
import { cudoId, idProblem, memberId, memberOrdinal } from "../../../sdk/cudo/ids";
import { matchesImage, matchingImages, resolveImage } from "../../../provider/cudo/images";
import { networkRangeProblem } from "../../../provider/cudo/ip-range";
import { ownerMark } from "../../../provider/cloud/owner-mark";
import { fillScript, scriptMark } from "../../../provider/cudo/ownership";
import { markPatch } from "../../../provider/cudo/group-nodes";

const clusterNames = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,60}[A-Za-z0-9])?$/);
const groupNames = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const ordinals = fc.integer({ min: 0, max: 999 });

describe("Cudo ids", () => {
  it("are valid whatever the name, and keep names that are", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        assert.equal(idProblem(cudoId(name)), undefined);
        if (idProblem(name) === undefined && !name.includes("--")) assert.equal(cudoId(name), name);
      }),
    );
  });

  it("stay different when long names are shortened", () => {
    const long = "a-very-long-name-of-a-cluster-that-does-not-fit";
    assert.notEqual(cudoId(`${long}-one`), cudoId(`${long}-two`));
    assert.match(cudoId(long), /^a-very-long-name-of-a-c-[0-9a-z]{6}$/);
  });

  it("say what would be right", () => {
    assert.match(idProblem("My_Disk")!, /"my-disk" would do/);
  });

  it("of members are plain where that is unambiguous", () => {
    assert.equal(memberId("train", "gpu", 0), "train-gpu-0");
    assert.equal(memberId("train", "gpu-big", 12), "train-gpu-big-12");
    assert.match(memberId("my-cluster", "gpu", 0), /^my-cluster-gpu-[0-9a-z]{6}-0$/);
  });

  it("of members are valid, unique, and give the ordinal back", () => {
    const member = fc.tuple(clusterNames, groupNames, ordinals);
    fc.assert(
      fc.property(member, member, (one, two) => {
        const id = memberId(...one);
        assert.equal(idProblem(id), undefined, id);
        assert.equal(memberOrdinal(one[0], one[1], id), one[2]);
        assert.equal(id === memberId(...two), JSON.stringify(one) === JSON.stringify(two));
      }),
    );
  });

  it("of members tell clusters and groups apart that only differ in where a hyphen belongs", () => {
    const parts = fc.array(fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/), { minLength: 3, maxLength: 5 });
    fc.assert(
      fc.property(parts, ordinals, (words, ordinal) => {
        const splits = words
          .slice(1)
          .map((_, index) => [words.slice(0, index + 1).join("-"), words.slice(index + 1).join("-")] as const);
        const ids = splits.map(([cluster, group]) => memberId(cluster, group, ordinal));
        assert.equal(new Set(ids).size, ids.length);
        for (const [index, [cluster, group]] of splits.entries()) {
          const others = ids.filter((_, other) => other !== index);
          assert.ok(others.every((id) => memberOrdinal(cluster, group, id) === undefined));
        }
      }),
    );
  });
});

describe("Cudo images", () => {
  const images = [
    "ubuntu-2204",
    "ubuntu-2204-nvidia-535-docker-v20241017",
    "ubuntu-2204-nvidia-550-docker-v20240801",
    "ubuntu-2204-nvidia-550-docker-v20250303",
    "ubuntu-2404-gpu",
    "ubuntu-2404-v20250101",
  ].map((id) => ({ id, name: id, description: "", platform: "linux", sizeGib: 5, packages: [] }));
  const resolved = (name: string) => resolveImage(name, images)?.id;

  it("are found exactly, or as the newest with that beginning", () => {
    assert.equal(resolved("ubuntu-2204"), "ubuntu-2204");
    assert.equal(resolved("ubuntu-2204-nvidia-550-docker"), "ubuntu-2204-nvidia-550-docker-v20250303");
    assert.equal(resolved("ubuntu-2204-nvidia"), "ubuntu-2204-nvidia-550-docker-v20250303");
    assert.equal(resolved("ubuntu-2404"), "ubuntu-2404-v20250101", "a version comes before another flavour");
    assert.equal(resolved("debian"), undefined);
    assert.equal(resolved(""), undefined);
  });

  it("that were chosen for a name still match it", () => {
    for (const { id } of images) {
      for (let length = 1; length <= id.length; length++) {
        const name = id.slice(0, length);
        assert.ok(matchesImage(name, resolved(name)!));
        assert.ok(matchingImages(name, images).some((each) => each.id === id));
      }
    }
  });
});

describe("Cudo network ranges", () => {
  for (const range of ["10.0.0.0/16", "172.31.0.0/24", "192.168.0.0/16", "10.0.0.0/8"]) {
    it(`accept ${range}`, () => assert.equal(networkRangeProblem(range), undefined));
  }
  for (const [range, reason] of [
    ["10.0.0.1/16", /the range is 10\.0\.0\.0\/16/],
    ["8.8.8.0/24", /private range/],
    ["172.32.0.0/16", /private range/],
    ["10.0.0.0/7", /private range/],
    ["10.0.0.256/24", /CIDR/],
    ["10.0.0.0/31", /no room/],
    ["nonsense", /CIDR/],
  ] as const) {
    it(`refuse ${range}`, () => assert.match(networkRangeProblem(range)!, reason));
  }
});

describe("Cudo marks", () => {
  it("fill a script with the machine's own values", () => {
    const script = "a @@NODE_NAME@@ b @@PROVIDER_ID@@ c @@BOOTSTRAP_TOKEN@@ @@NODE_NAME@@";
    const machine = { projectId: "p", vmId: "v" };
    assert.equal(fillScript(script, { ...machine, bootstrapToken: "t$&" }), "a v b cudo://p/v c t$& v");
    assert.equal(fillScript(script, machine), "a v b cudo://p/v c @@BOOTSTRAP_TOKEN@@ v");
  });

  it("tell resources and scripts apart, and show neither", () => {
    assert.notEqual(ownerMark("urn:1"), ownerMark("urn:2"));
    assert.notEqual(scriptMark("urn:1", "a"), scriptMark("urn:1", "b"));
    assert.notEqual(scriptMark("urn:1", "a"), scriptMark("urn:2", "a"));
    assert.equal(scriptMark("urn:1", undefined), "none");
  });

  it("leave a node alone that has them", () => {
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n", labels: { a: "1", z: "9" } }, spec: {} };
    const marks = { labels: { a: "1" }, taints: [] };
    assert.equal(markPatch(node, marks, marks), undefined);
    assert.deepEqual(markPatch(node, marks, { labels: {}, taints: [] }), { metadata: { labels: { a: null } } });
  });
});

describe("Cudo provider configuration", () => {
  const environment = { CUDO_API_KEY: " key ", CUDO_PROJECT_ID: "from-env", CUDO_BASE_URL: "" };

  it("takes what is not given from the environment, and the base URL by default", () => {
    const { config, failures } = checkCudoConfig<string>({ projectId: "given" }, environment);
    assert.deepEqual(failures, []);
    assert.deepEqual(config, { apiKey: "key", projectId: "given", baseUrl: "https://rest.compute.cudo.org" });
  });

  it("accepts that nothing is set: other clouds need none of it", () => {
    assert.deepEqual(checkCudoConfig({}, {}).failures, []);
  });

  it("names the field, and never shows the key", () => {
    const { failures } = checkCudoConfig<string>(
      { apiKey: "two words", projectId: "a/b" },
      { CUDO_BASE_URL: "ftp://x" },
    );
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["cudo.baseUrl", "cudo.apiKey", "cudo.projectId"],
    );
    assert.match(failures[0]!.reason, /CUDO_BASE_URL/);
    assert.doesNotMatch(JSON.stringify(failures), /two words/);
  });

  it("sends the key nowhere unencrypted but to this computer, and shows nobody who logs in by an address", () => {
    const reasonOf = (baseUrl: string) => checkCudoConfig<string>({ baseUrl }, {}).failures[0]?.reason ?? "taken";
    for (const taken of [
      "https://api.example.com/v1",
      "http://127.0.0.1:8080/cudo",
      "http://localhost:1",
      "http://[::1]:1",
    ])
      assert.equal(reasonOf(taken), "taken", taken);
    assert.match(reasonOf("http://rest.compute.cudo.org"), /must be an https URL .*: credentials go there/);
    for (const url of ["https://user:hunter22@api.example.com", "http://hunter22@127.0.0.1", "user:hunter22@api"]) {
      assert.match(reasonOf(url), /^must be an address alone, without user and password/);
      assert.doesNotMatch(JSON.stringify(checkKeycloakConfig<string>({ baseUrl: url }, {}).failures), /hunter22/);
      assert.doesNotMatch(JSON.stringify(vaultProblems({ address: url })), /hunter22/);
    }
  });
});
