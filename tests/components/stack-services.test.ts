import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkServices, services } from "../../stack/services";
import { clusterInHand } from "./cluster-in-hand";
import { mockProgram, plain, settled, valueOf } from "./mocks";

const problems = (given: unknown) =>
  checkServices(given).all.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);

describe("services of a stack", () => {
  it("are named in its config, each with settings of its own, and all that is wrong is said at once", () => {
    assert.deepEqual(problems({ kuberay: {}, slurm: { clusterName: "lab" } }), []);
    assert.deepEqual(problems({ jupyterhub: { url: "https://hub.example.com", realm: "lab", homeGib: 20 } }), []);
    assert.deepEqual(problems([]), ["services: must be an object such as { kuberay: {} }"]);
    assert.deepEqual(problems({ airflow: {}, kuberay: { versions: "1" }, jupyterhub: { url: 1 }, slurm: true }), [
      "services.airflow: is not a service; they are: kuberay, jupyterhub, slurm",
      "services.kuberay.versions: is not a setting; they are: version, namespace",
      "services.slurm: must be an object, {} for its defaults",
      "services.jupyterhub.url: is required, a text",
      "services.jupyterhub.realm: is required, a text",
    ]);
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
    for (const name of ["JupyterHub", "KubeRay", "Slurm"])
      assert.equal(registered.all(`gpu-clusters:addons:${name}`).length, 1, name);
  });
});
