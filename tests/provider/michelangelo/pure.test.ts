import assert from "node:assert/strict";
import fc from "fast-check";
import { registration } from "../../../provider/michelangelo/handlers/registration";
import { healthOf } from "../../../provider/michelangelo/condition";
import { chosen, isOld, type TokenSecret } from "../../../provider/michelangelo/tokens";
import { Unknown } from "../../../provider/server/values";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { apiServerAddress } from "../../../sdk/michelangelo/address";
import { durationMs } from "../../../sdk/michelangelo/duration";
import { wrongClusterName } from "../../../sdk/michelangelo/names";
import { testContext } from "../kubernetes/context";

describe("Michelangelo's address of an API server", () => {
  it("has the scheme in the host and the port as a text, 443 where a URL has none", () => {
    assert.deepEqual(apiServerAddress("https://api.example.com:6443"), {
      host: "https://api.example.com",
      port: "6443",
    });
    assert.deepEqual(apiServerAddress("https://a1.gr7.eu-west-1.eks.amazonaws.com"), {
      host: "https://a1.gr7.eu-west-1.eks.amazonaws.com",
      port: "443",
    });
    assert.deepEqual(apiServerAddress("https://[fd00::1]:6443/"), { host: "https://[fd00::1]", port: "6443" });
  });

  it("gives back the very place, whatever the host and the port", () => {
    fc.assert(
      fc.property(fc.domain(), fc.integer({ min: 1, max: 65_535 }), (domain, port) => {
        const address = apiServerAddress(`https://${domain}:${port}`);
        assert.ok("host" in address);
        assert.equal(`${address.host}:${address.port}`, `https://${new URL(`https://${domain}`).hostname}:${port}`);
      }),
    );
  });

  it("is refused with a path, another scheme or credentials, which are not quoted", () => {
    for (const server of [
      "https://rancher.example/k8s/clusters/c-1",
      "http://10.0.0.1:8080",
      "api:6443",
      "https://a?b",
    ])
      assert.ok("problem" in apiServerAddress(server), server);
    const { problem } = apiServerAddress("https://me:hunter2@a.example") as { problem: string };
    assert.ok(!problem.includes("hunter2"));
  });
});

describe("a registration's name", () => {
  it("is a label's value and part of Secrets' names", () => {
    for (const name of ["a", "michelangelo-compute-0", "9", "a".repeat(63)])
      assert.equal(wrongClusterName(name), undefined);
    for (const name of ["", "A", "-a", "a-", "a.b", "a_b", "a".repeat(64)]) assert.ok(wrongClusterName(name), name);
  });
});

describe("durations", () => {
  it("are the sum of their parts, and nothing else", () => {
    assert.deepEqual(["1h30m", "1.5h", "250ms"].map(durationMs), [5_400_000, 5_400_000, 250]);
    assert.deepEqual(["", "1", "h", "-1h", "1d"].map(durationMs), Array<undefined>(5).fill(undefined));
  });
});

describe("the token to use", () => {
  const secrets = (count: number): TokenSecret[] =>
    Array.from({ length: count }, (_, at) => ({
      name: `t${at}`,
      issuedAt: "",
      token: undefined,
      authority: undefined,
    }));

  it("is the present one until it is due, then one that is newer; without a present one the newest", () => {
    fc.assert(
      fc.property(fc.nat(4), fc.nat(5), fc.boolean(), (count, at, isDue) => {
        const all = secrets(count);
        const found = chosen(all, `t${at}`, isDue)?.name;
        const isPresent = at < count;
        if (isPresent && !isDue) assert.equal(found, `t${at}`);
        else if (isPresent) assert.equal(found, at === count - 1 ? undefined : `t${count - 1}`);
        else assert.equal(found, all.at(-1)?.name);
      }),
    );
  });

  it("is due by its age, and never without a rotation", () => {
    const issued = "2026-01-01T00:00:00Z";
    const now = Date.parse("2026-01-31T00:00:00Z");
    assert.deepEqual(
      [isOld(issued, undefined, now), isOld(issued, 720 * 3_600_000, now), isOld(issued, 720 * 3_600_000 + 1, now)],
      [false, true, false],
    );
  });
});

describe("Michelangelo's health of a cluster", () => {
  const cluster = (...statusConditions: object[]) =>
    ({ apiVersion: "", kind: "", metadata: {}, status: { statusConditions } }) as never;

  it("is read in its own form, in seconds or milliseconds", () => {
    const ready = { type: "Ready", status: "CONDITION_STATUS_TRUE", lastUpdatedTimestamp: "1767225600" };
    const { ready: isReady, saidAtMs, taken } = healthOf(cluster(ready));
    assert.deepEqual([isReady, saidAtMs, taken], [true, 1_767_225_600_000, false]);
    assert.equal(healthOf(cluster({ ...ready, lastUpdatedTimestamp: "1767225600000" })).saidAtMs, 1_767_225_600_000);
    assert.equal(
      healthOf(cluster({ ...ready, status: "True" })).ready,
      false,
      "Kubernetes' own word is not Michelangelo's",
    );
    assert.deepEqual(healthOf(cluster()), { ready: false, saidAtMs: 0, said: "", taken: false });
  });
});

describe("a registration's inputs", () => {
  const kubeconfigAt = (endpoint: string) =>
    renderKubeconfig({ clusterName: "c", endpoint, certificateAuthority: "CA", credentials: { token: "hunter22" } });
  const right = {
    kubeconfig: kubeconfigAt("https://192.0.2.7:6443"),
    controlPlaneKubeconfig: kubeconfigAt("https://192.0.2.8:6443"),
    clusterName: "gpu-east",
  };
  const refused = async (inputs: object) => {
    const failures = await registration.check!({ ...right, ...inputs } as never, testContext());
    assert.ok(!JSON.stringify(failures).includes("hunter22"));
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  };

  it("are right, or not known yet", async () => {
    assert.deepEqual(await refused({}), []);
    const unknown = Object.fromEntries(
      ["kubeconfig", "controlPlaneKubeconfig", "clusterName", "apiServer", "rotateEvery", "controllerManager"].map(
        (key) => [key, Unknown.value],
      ),
    );
    assert.deepEqual(await refused(unknown), []);
  });

  it("are refused by their fields, all at once", async () => {
    const wrong = {
      kubeconfig: kubeconfigAt("https://rancher.example/k8s/clusters/c-1"),
      controlPlaneKubeconfig: "token: [",
      clusterName: "GPU_East",
      rotateEvery: "10m",
    };
    const said = await refused(wrong);
    const fields = ["controlPlaneKubeconfig", "clusterName", "kubeconfig", "rotateEvery", "controllerManager"];
    assert.deepEqual(
      said.map((line) => line.split(":")[0]),
      fields,
    );
    assert.match(said[2]!, /its server "https:\/\/rancher\.example" is followed by a path/);
    assert.deepEqual(await refused({ apiServer: "http://10.0.0.1:8080" }), [
      'apiServer: "http://10.0.0.1:8080" must be https://host:port',
    ]);
  });
});
