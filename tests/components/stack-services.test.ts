import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkServices, services } from "../../stack/services";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, plain, settled, valueOf } from "./mocks";

const problems = (given: unknown, nodeGroups?: unknown, stack = "train") =>
  checkServices(stack, given, nodeGroups).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);

describe("services of a stack", () => {
  it("are named in its config, each with settings of its own, and all that is wrong is said at once", () => {
    assert.deepEqual(problems({ kuberay: {}, slurm: { clusterName: "lab" } }), []);
    assert.deepEqual(problems({ jupyterhub: { url: "https://hub.example.com", realm: "lab", homeGib: 20 } }), []);
    assert.deepEqual(problems([]), ["services: must be an object such as { kuberay: {} }"]);
    assert.deepEqual(problems({ airflow: {}, kuberay: { versions: "1" }, jupyterhub: { url: 1 }, slurm: true }), [
      "services.airflow: is not a service; they are: kuberay, jupyterhub, slurm",
      'services.kuberay.versions: there is no such property; did you mean "version"?',
      'services.jupyterhub.url: must be a string, not 1; YAML needs quotes: "1"',
      "services.jupyterhub.realm: is required: Whose people log in.",
      "services.slurm: must be an object, {} for its defaults",
    ]);
  });

  it("have values of their own kinds, whatever YAML and `pulumi config set --path` make of what was written", () => {
    assert.deepEqual(
      problems({
        kuberay: { version: 1.4, namespace: 2026 },
        jupyterhub: { url: "https://hub.example.com", realm: true, homeGib: "20", protect: "no" },
        slurm: { storageClass: 5, login: { sshAuthorizedKeys: "ssh-ed25519 A" } },
      }),
      [
        'services.kuberay.version: must be a string, not 1.4; YAML needs quotes: "1.4" (or "1.40")',
        'services.kuberay.namespace: must be a string, not 2026; YAML needs quotes: "2026"',
        'services.jupyterhub.realm: must be a string, not true; YAML needs quotes: "true"',
        'services.jupyterhub.homeGib: must be an integer, not the string "20"',
        'services.jupyterhub.protect: must be a boolean, not the string "no"',
        'services.slurm.storageClass: must be a string, not 5; YAML needs quotes: "5"',
        'services.slurm.login.sshAuthorizedKeys: must be a list, not the string "ssh-ed25519 A"',
      ],
    );
    const accounting = { host: "db.example.com", password: "SECRET" };
    assert.deepEqual(problems({ slurm: { accounting } }), []);
    assert.deepEqual(problems({ slurm: { accounting: { port: "3306", password: 1234 } } }), [
      'services.slurm.accounting.port: must be an integer, not the string "3306"',
      "services.slurm.accounting.password: must be a string, not a number; YAML needs quotes around it",
      "services.slurm.accounting.host: is required: DNS name or address at which pods of the cluster reach it, without scheme and port: `localhost` would be the pod.",
    ]);
    assert.deepEqual(problems({ slurm: { login: {} } }), [
      "services.slurm.login.sshAuthorizedKeys: is required: Public keys that root accepts there, in OpenSSH's form: at least one.",
    ]);
  });

  it("have values that their components take, and a stack's name that is Slurm's too, before the cluster is begun", () => {
    const hub = { url: "hub.example.com", realm: " ", homeGib: 0, serviceType: "Ingress", namespace: null };
    const found = problems({ kuberay: { namespace: "Ray" }, jupyterhub: hub, slurm: {} }, [], "no");
    assert.deepEqual(
      found.map((line) => line.split(":")[0]),
      [
        "services.jupyterhub.serviceType",
        "services.kuberay.namespace",
        ...["url", "homeGib", "realm"].map((field) => `services.jupyterhub.${field}`),
        "services.slurm.clusterName",
      ],
    );
    assert.match(problems({ slurm: {} }, [], "Train_1").join(), /^services\.slurm\.clusterName: "Train_1" must have/);
    assert.deepEqual(problems({ slurm: { clusterName: "lab" } }, [], "Train_1"), []);
    const login = { sshAuthorizedKeys: [] };
    assert.match(
      problems({ slurm: { login } }).join(),
      /^services\.slurm\.login\.sshAuthorizedKeys: must have at least one/,
    );
  });

  it("have a namespace each", () => {
    const hub = { url: "https://hub.example.com", realm: "lab", namespace: "hub" };
    assert.deepEqual(problems({ jupyterhub: hub, kuberay: { namespace: "hub" } }), [
      'services.kuberay.namespace: "hub" is the namespace of services.jupyterhub: name another',
    ]);
    assert.deepEqual(
      problems({ slurm: {}, kuberay: { namespace: "slurm" }, jupyterhub: { ...hub, namespace: "slinky" } }),
      [
        'services.jupyterhub.namespace: "slinky" is the namespace of services.slurm: name another',
        'services.kuberay.namespace: "slurm" is the namespace of services.slurm: name another',
      ],
    );
    assert.deepEqual(problems({ slurm: {}, kuberay: {}, jupyterhub: hub }), []);
  });

  it("know the cluster's groups, whose names Slurm's partitions have", () => {
    const groups = [
      { name: "default", role: "worker" },
      { name: "all", role: "control" },
      5,
      { name: 7, role: "worker" },
    ];
    assert.deepEqual(problems({ slurm: {} }, groups), [
      'nodeGroups[0].name: "default" cannot be a partition of Slurm\'s, where it means something else: name the group otherwise',
    ]);
    assert.deepEqual(problems({ kuberay: {} }, groups), []);
    assert.deepEqual(problems({ slurm: {} }, "wrong"), []);
  });

  it("run in the stack's cluster, JupyterHub with a client of its realm, and the stack shows where", async () => {
    const registered = await mockProgram({
      "gpu-clusters:keycloak:OAuth2Client": () => ({ issuer: "https://sso/realms/lab", secret: "SECRET" }),
      "gpu-clusters:kubernetes:GeneratedKey": () => ({ hex: "00" }),
      "kubernetes:helm.sh/v3:Release": () => ({ status: { status: "deployed" } }),
    });
    const url = "https://hub.example.com";
    const cluster = clusterInHand([], { kubeconfig: pulumi.secret("KUBECONFIG") });
    const shown = services("train", cluster, { kuberay: {}, slurm: {}, jupyterhub: { url, realm: "lab" } });
    assert.equal(await valueOf(shown["jupyterhubUrl"]!), url);
    await settled();
    const { realm, clientId, redirectUris } = plain(registered.inputs("gpu-clusters:keycloak:OAuth2Client")) as Record<
      string,
      unknown
    >;
    assert.deepEqual([realm, clientId, redirectUris], ["lab", "train", [`${url}/hub/oauth_callback`]]);
    const release = registered.resources.find(({ name }) => name === "train-jupyterhub-release")!;
    const { hub } = (plain(release.inputs) as { values: { hub: { config: Record<string, object> } } }).values;
    const { client_id, client_secret, token_url } = hub.config["GenericOAuthenticator"] as Record<string, string>;
    assert.deepEqual(
      [client_id, client_secret, token_url],
      ["train", "SECRET", "https://sso/realms/lab/protocol/openid-connect/token"],
    );
    for (const name of ["JupyterHub", "KubeRay", "Slurm"])
      assert.equal(registered.all(`gpu-clusters:addons:${name}`).length, 1, name);
  });
});
