import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { foreignKubeconfig } from "../../../provider/kubernetes/foreign-kubeconfig";
import { kubeconfigSecret, type KubeconfigSecretInputs } from "../../../provider/kubernetes/handlers/kubeconfig-secret";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { issueCertificate, makeAuthority } from "../../../provider/kubernetes/certificates";
import { moveClock } from "../../moved-clock";
import { until } from "../../until";
import { driveResource, Secret, startPlugin } from "../server/harness";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const tenantAuthority = "-----BEGIN CERTIFICATE-----\nVEVOQU5U\n-----END CERTIFICATE-----";
const inTenant = renderKubeconfig({
  clusterName: "my-vcluster",
  endpoint: "https://localhost:8443",
  certificateAuthority: tenantAuthority,
  credentials: { token: "TENANT-TOKEN" },
});

describe("the kubeconfig of another cluster", () => {
  it("keeps its authority and its credentials, under our name, with another server", () => {
    const found = foreignKubeconfig(inTenant, "search", "https://192.0.2.7:443");
    assert.deepEqual([found.endpoint, found.certificateAuthority], ["https://192.0.2.7:443", tenantAuthority]);
    assert.deepEqual(parseKubeconfig(found.clusterKubeconfig), {
      clusterName: "search",
      endpoint: "https://192.0.2.7:443",
      certificateAuthority: tenantAuthority,
      trustsSystem: false,
      insecureSkipTlsVerify: false,
      credentials: { kind: "token", token: "TENANT-TOKEN" },
    });
    assert.equal(foreignKubeconfig(inTenant, "search", undefined).endpoint, "https://localhost:8443");
  });

  it("is refused where it would run a command, read a file, or trust anybody, without a word of it", () => {
    const refused = (change: (text: string) => string, reason: RegExp) =>
      assert.throws(
        () => foreignKubeconfig(change(inTenant), "search", undefined),
        (error: Error) => reason.test(error.message) && !/TENANT/.test(error.message),
      );
    const exec = renderKubeconfig({
      clusterName: "x",
      endpoint: "https://192.0.2.7",
      certificateAuthority: tenantAuthority,
      credentials: { exec: { command: "steal" } },
    });
    refused(
      () => exec,
      /its credentials \(exec\), which nobody here would run: a client's certificate with its key, or/,
    );
    const user = (fields: string) => (text: string) => text.replace(/token: .*/, fields);
    refused(user("tokenFile: /etc/shadow"), /credentials are in files of who wrote it \(tokenFile\)/);
    refused(
      user("client-certificate: /TENANT.crt\n      client-key: /TENANT.key"),
      /in files .* \(client-certificate\)/,
    );
    refused(user("auth-provider: { name: oidc, config: {} }"), /asks a provider .*\(auth-provider\)/);
    refused(user("username: TENANT\n      password: TENANT"), /has a name and a password/);
    refused(user("username: ''"), /neither a client's certificate with its key nor a token/);
    const trust = (fields: string) => (text: string) => text.replace(/certificate-authority-data: .*/, fields);
    refused(
      trust("insecure-skip-tls-verify: true"),
      /trusts whoever answers \(insecure-skip-tls-verify\): it must have/,
    );
    refused(
      trust("certificate-authority: /ca.crt"),
      /authority is in a file of who wrote it \(certificate-authority\)/,
    );
    refused(trust("tls-server-name: a"), /no certificate-authority-data with a certificate/);
    refused(
      (text) => text.replace(/server: .*/, '$&\n      proxy-url: "http://me:TENANT@proxy:3128"'),
      /goes through a proxy \(proxy-url\)/,
    );
    refused((text) => text.replace(/(certificate-authority-data: ).*/, '$1"QUJD"'), /with a certificate/);
    refused(() => "}{", /not YAML/);
    for (const server of [
      "https://192.0.2.7:8443/\\nREQUEST\\ntouch /stolen\\n",
      "https://a;reboot:8443",
      "https://$(reboot)",
      'https://a/\\"\\noutput = /etc/cron.d/a',
      "https://a/`reboot`",
      "https://a?b",
      "https://a/b c",
      "https://a#b",
    ])
      refused(
        (text) => text.replace(/server: .*/, `server: "${server}"`),
        /its server must be https:\/\/host:port, is "https:/,
      );
  });

  it("is refused at another address where it leads through somebody else, as through a platform's proxy", () => {
    const proxied = inTenant.replace(
      /server: .*/,
      "server: https://vcluster.example.com/kubernetes/project/p/virtualcluster/search",
    );
    assert.throws(
      () => foreignKubeconfig(proxied, "search", "https://192.0.2.7:443"),
      /server has a path, https:\/\/vcluster\.example\.com\/kubernetes\/\S+: it leads through .* of no use at https:\/\/192\.0\.2\.7:443/,
    );
    const { endpoint } = foreignKubeconfig(proxied, "search", undefined);
    assert.equal(endpoint, "https://vcluster.example.com/kubernetes/project/p/virtualcluster/search");
  });

  it("has certificates for an authority, and nothing that stands beside them", () => {
    const beside = `# TENANT\n${tenantAuthority}\nPEM\ntouch /stolen\n${tenantAuthority}\n`;
    const { credentials, ...parts } = parseKubeconfig(inTenant);
    assert.equal(credentials.kind, "token");
    const text = renderKubeconfig({ ...parts, certificateAuthority: beside, credentials: { token: "T" } });
    assert.equal(
      foreignKubeconfig(text, "search", undefined).certificateAuthority,
      `${tenantAuthority}\n${tenantAuthority}`,
    );
  });
});

describe("KubeconfigSecret", () => {
  let server: HttpsServer;
  let inputs: KubeconfigSecretInputs;
  let objects: Record<string, object>;
  let isDown: boolean;
  /** Requests for the Secret. */
  let looks: number;

  const secretAt = "/api/v1/namespaces/search/secrets/vc-search";
  const serviceAt = "/api/v1/namespaces/search/services/search";
  const secret = (text: string) => ({
    metadata: { name: "vc-search" },
    data: { config: Buffer.from(text).toString("base64") },
  });
  const balanced = (...ingress: object[]) => ({ metadata: { name: "search" }, status: { loadBalancer: { ingress } } });
  const kinds = { Secret: "secrets", Service: "services", Pod: "pods", Event: "events" };

  beforeEach(async () => {
    objects = { [secretAt]: secret(inTenant) };
    isDown = false;
    looks = 0;
    server = await httpsServer(({ url = "" }, response) => {
      const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      const path = url.split("?")[0]!;
      if (path === secretAt) looks++;
      if (isDown) return answer(503, { message: "overloaded" });
      if (path === "/api/v1")
        return answer(200, {
          resources: Object.entries(kinds).map(([kind, name]) => ({ kind, name, namespaced: true })),
        });
      const found = objects[path] ?? (/\/(pods|events)$/.test(path) ? { items: [] } : undefined);
      return found === undefined ? answer(404, { message: "not found", reason: "NotFound" }) : answer(200, found);
    });
    inputs = { kubeconfig: server.kubeconfig, namespace: "search", name: "vc-search", clusterName: "search" };
  });
  afterEach(() => server.close());

  const created = async (more: Partial<KubeconfigSecretInputs> = {}) =>
    (await kubeconfigSecret.create({ ...inputs, ...more }, testContext())).outputs;
  const refusal = async (more: Partial<KubeconfigSecretInputs> = {}) =>
    created({ timeoutSeconds: 1, ...more }).then(
      () => assert.fail("did not fail"),
      (error: Error) => error.message,
    );

  it("keeps the contract, and what it gives out is a secret", async () => {
    objects["/api/v1/namespaces/search/secrets/vc-other"] = secret(inTenant);
    const plugin = await startPlugin(provider);
    try {
      const own = { ...inputs, kubeconfig: new Secret(server.kubeconfig), server: "https://192.0.2.7:443" };
      await driveResource({
        plugin,
        type: "gpu-clusters:kubernetes:KubeconfigSecret",
        inputs: own,
        updated: { ...own, server: "https://192.0.2.8:443" },
        replaced: { ...own, name: "vc-other" },
        importable: false,
      });
    } finally {
      await plugin.stop();
    }
  });

  it("takes the address that the Service's load balancer got, in whichever form", async () => {
    const service = "search";
    const endpoints: [object, string][] = [
      [{ ip: "192.0.2.7" }, "https://192.0.2.7:443"],
      [{ ip: "2001:db8::7" }, "https://[2001:db8::7]:443"],
      [{ hostname: "lb.example.com" }, "https://lb.example.com:443"],
    ];
    for (const [ingress, endpoint] of endpoints) {
      objects[serviceAt] = balanced(ingress);
      assert.equal((await created({ service })).endpoint, endpoint);
    }
    for (const hostname of ["a/b", "a;reboot", "a b"]) {
      objects[serviceAt] = balanced({ hostname });
      assert.match(await refusal({ service }), /Service search has an address that is none: "a/);
    }
    objects[serviceAt] = balanced();
    assert.match(await refusal({ service }), /Service search has no address of a load balancer yet/);
    delete objects[serviceAt];
    assert.match(await refusal({ service }), /there is no Service search/);
  });

  it("waits for it, and says at the end what is missing, which pods are in trouble, and what to look at", async () => {
    delete objects[secretAt];
    objects["/api/v1/namespaces/search/pods"] = {
      items: [
        {
          metadata: { name: "search-0", namespace: "search" },
          status: {
            containerStatuses: [
              { name: "syncer", ready: false, state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } } },
            ],
          },
        },
        {
          metadata: { name: "search-1", namespace: "search" },
          status: { conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes: no volume" }] },
        },
        { metadata: { name: "fine", namespace: "search" }, status: {} },
      ],
    };
    assert.equal(
      await refusal({ hint: "Look at the pods." }),
      "Secret search/vc-search gave no kubeconfig after 1 s: it does not exist\n" +
        "  pod search-0 has container syncer waiting: CrashLoopBackOff: back-off\n" +
        "  pod search-1 has no node: 0/1 nodes: no volume\nLook at the pods.",
    );
    objects[secretAt] = { metadata: { name: "vc-search" }, data: {} };
    assert.match(await refusal(), /it has no config/);
    objects[secretAt] = secret("TENANT-TOKEN");
    const unusable = await refusal();
    assert.match(unusable, /its config cannot be used/);
    assert.ok(!unusable.includes("TENANT-TOKEN"));
    isDown = true;
    assert.match(await refusal(), /overloaded \(HTTP 503\)/);
  });

  it("says within minutes what nobody could use, and does not wait out the hour that a control plane may take", async () => {
    const proxied = inTenant.replace(/server: .*/, '$&\n      proxy-url: "http://proxy:3128"');
    objects[secretAt] = secret(proxied);
    const started = created({ timeoutSeconds: 3600, hint: "Look." }).then(
      () => assert.fail("did not fail"),
      (error: Error) => error.message,
    );
    await until("it has looked", async () => looks > 1);
    const restore = moveClock(61_000);
    try {
      assert.match(
        await started,
        /^Secret search\/vc-search gives no kubeconfig: its config cannot be used: .*\(proxy-url\).*\nLook\.$/s,
      );
    } finally {
      restore();
    }
  });

  it("reads it again at a refresh, keeps what it has while nobody answers, and forgets what is gone", async () => {
    const outputs = await created();
    const read = async () => {
      const context = testContext();
      const state = await kubeconfigSecret.read("search/vc-search", { inputs, outputs }, context);
      return { outputs: state?.outputs, warned: context.said.filter((line) => line.startsWith("warn: ")).join() };
    };
    objects[secretAt] = secret(inTenant.replace("TENANT-TOKEN", "NEXT-TOKEN"));
    assert.ok((await read()).outputs?.clusterKubeconfig.includes("NEXT-TOKEN"));
    objects[secretAt] = secret("nonsense");
    assert.deepEqual((await read()).outputs, outputs);
    isDown = true;
    const away = await read();
    assert.deepEqual(away.outputs, outputs);
    assert.match(away.warned, /cannot be read, so that it is taken to be as it was/);
    isDown = false;
    delete objects[secretAt];
    assert.equal((await read()).outputs, undefined);
  });

  it("is not another one because its cluster's administrator was renewed, nor at another address", async () => {
    const outputs = await created();
    objects[secretAt] = secret(inTenant.replace("TENANT-TOKEN", "NEXT-TOKEN"));
    const state = { inputs, outputs };
    const foretold = (now: KubeconfigSecretInputs) => kubeconfigSecret.preview!(now, state);
    const updated = (now: KubeconfigSecretInputs) => kubeconfigSecret.update!("x", now, state, testContext());
    const key = /client-key-data: .*/;
    const renewed = { ...inputs, kubeconfig: inputs.kubeconfig.replace(key, `client-key-data: ${btoa("NEW")}`) };
    assert.notEqual(renewed.kubeconfig, inputs.kubeconfig);
    for (const now of [renewed, { ...inputs, hint: "Look." }]) {
      assert.deepEqual(foretold(now), outputs);
      assert.deepEqual(await updated(now), outputs);
    }
    const moved = await updated({ ...inputs, server: "https://192.0.2.9:443" });
    assert.deepEqual(
      [moved.endpoint, moved.clusterKubeconfig.includes("TENANT-TOKEN")],
      ["https://192.0.2.9:443", true],
    );
    objects[serviceAt] = balanced({ ip: "192.0.2.7" });
    const balancedNow = { ...inputs, service: "search" };
    assert.deepEqual(foretold(balancedNow), { certificateAuthority: tenantAuthority });
    assert.equal((await updated(balancedNow)).endpoint, "https://192.0.2.7:443");
    const triggered = { ...inputs, triggers: { release: "2" } };
    assert.deepEqual(foretold(triggered), {});
    assert.ok((await updated(triggered)).clusterKubeconfig.includes("NEXT-TOKEN"));
  });

  it("is read again without a refresh where its cluster was made anew, with another authority, and foretold", async () => {
    const outputs = await created();
    const state = { inputs, outputs };
    assert.deepEqual(await kubeconfigSecret.drifted!(state, testContext(), state.inputs), []);
    assert.deepEqual(await kubeconfigSecret.foresee!(inputs, testContext(), state), outputs);
    const authority = tenantAuthority.replace("VEVOQU5U", "QU5PVEhFUg==");
    const another = renderKubeconfig({
      clusterName: "my-vcluster",
      endpoint: "https://localhost:8443",
      certificateAuthority: authority,
      credentials: { token: "ANOTHER-TOKEN" },
    });
    isDown = true;
    assert.deepEqual(await kubeconfigSecret.drifted!(state, testContext(), state.inputs), []);
    isDown = false;
    for (const text of ["nonsense", inTenant.replace("TENANT-TOKEN", "NEXT-TOKEN")]) {
      objects[secretAt] = secret(text);
      assert.deepEqual(
        await kubeconfigSecret.drifted!(state, testContext(), state.inputs),
        [],
        "that is no other cluster",
      );
    }
    objects[secretAt] = secret(another);
    assert.deepEqual(await kubeconfigSecret.drifted!(state, testContext(), state.inputs), ["clusterKubeconfig"]);
    const foretold = await kubeconfigSecret.foresee!(inputs, testContext(), state);
    const updated = await kubeconfigSecret.update!("x", inputs, state, testContext());
    assert.deepEqual(foretold, updated);
    assert.equal(updated.certificateAuthority, authority);
    assert.ok(updated.clusterKubeconfig.includes("ANOTHER-TOKEN"));
    assert.deepEqual(await kubeconfigSecret.drifted!({ inputs, outputs: updated }, testContext(), inputs), []);
  });

  it("is read again when its certificate is about to end, and no sooner", async () => {
    const authority = await makeAuthority("tenant");
    const issued = async () => {
      const client = await issueCertificate(authority, { commonName: "admin", usages: ["client"], validForHours: 9 });
      return renderKubeconfig({
        clusterName: "search",
        endpoint: "https://192.0.2.7",
        certificateAuthority: authority.certificate,
        credentials: { clientCertificate: client.certificate, clientKey: client.privateKey },
      });
    };
    objects[secretAt] = secret(await issued());
    const outputs = await created();
    objects[secretAt] = secret(await issued());
    const state = { inputs, outputs };
    const read = async () => (await kubeconfigSecret.update!("x", inputs, state, testContext())).clusterKubeconfig;
    assert.deepEqual(kubeconfigSecret.plan!(state, inputs, []), {});
    assert.equal(await read(), outputs.clusterKubeconfig);
    const restore = moveClock(7 * 3_600_000);
    try {
      assert.deepEqual(kubeconfigSecret.plan!(state, inputs, []), { outputs: ["clusterKubeconfig"] });
      const { endpoint, certificateAuthority } = outputs;
      assert.deepEqual(kubeconfigSecret.preview!(inputs, state), { endpoint, certificateAuthority });
      assert.notEqual(await read(), outputs.clusterKubeconfig);
    } finally {
      restore();
    }
    const later = moveClock(10 * 3_600_000);
    try {
      const ended = /in its config, its client's certificate ended at \S+Z: who wrote it has not renewed it/;
      assert.match(await refusal(), ended);
      const context = testContext();
      assert.deepEqual(await kubeconfigSecret.read("x", state, context), state);
      assert.match(context.said.join(), ended);
    } finally {
      later();
    }
  });

  it("refuses a server that is none, and two answers to where it is", async () => {
    const checked = async (more: object) =>
      (await kubeconfigSecret.check!({ ...inputs, ...more } as never, testContext(), undefined)).map(
        ({ property }) => property,
      );
    assert.deepEqual(await checked({ server: "https://tenant.example.com" }), []);
    for (const server of ["tenant.example.com", "http://tenant.example.com", "https://tenant.example.com/path"])
      assert.deepEqual(await checked({ server }), ["server"], server);
    assert.deepEqual(await checked({ server: "https://a.example", service: "search" }), ["service"]);
  });
});
