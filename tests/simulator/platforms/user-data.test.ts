import assert from "node:assert/strict";
import { registrationIn } from "../../../simulator/platforms/metal3/user-data";

const userData = (path: string, content: string) =>
  `## template: jinja\n#cloud-config\n\nwrite_files:\n-   path: ${path}\n    content: |\n${content.replaceAll(/^/gm, "      ")}`;

describe("what a machine is told by kubeadm's provider", () => {
  const labels = { name: "node-labels", value: "metal3.io/uuid={{ ds.meta_data.uuid }},a=b" };
  const registration = `nodeRegistration:\n  kubeletExtraArgs:\n  - name: node-labels\n    value: "${labels.value}"\n  taints: null`;

  it("is how its node is registered, in the first control plane's and in those that join", () => {
    const first = `---\nkind: ClusterConfiguration\n\n---\nkind: InitConfiguration\n${registration}`;
    const joining = `---\nkind: JoinConfiguration\n${registration}`;
    for (const [path, content] of [
      ["/run/kubeadm/kubeadm.yaml", first],
      ["/run/kubeadm/kubeadm-join-config.yaml", joining],
    ] as const)
      assert.deepEqual(registrationIn(userData(path, content))?.kubeletExtraArgs, [labels], path);
  });

  it("is nothing in other files", () => {
    assert.equal(registrationIn(userData("/etc/motd", "kind: JoinConfiguration")), undefined);
    assert.equal(registrationIn("#cloud-config\nruncmd: []\n"), undefined);
  });
});
