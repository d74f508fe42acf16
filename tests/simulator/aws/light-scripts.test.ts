import assert from "node:assert/strict";
import { placeholders } from "../../../bootstrap/document";
import type { Ec2NodeDocument } from "../../../bootstrap/ec2";
import { nodeDocumentFromScript, renderBootstrapScript } from "../../../bootstrap/script";
import { makeAuthority } from "../../../provider/kubernetes/certificates";
import { MachineAddresses } from "../../../simulator/aws/addresses";
import { Instances } from "../../../simulator/aws/instances";
import { lightStartScript } from "../../../simulator/aws/light-scripts";
import { ParameterError } from "../../../simulator/aws/machine-parameters";
import { until } from "../../until";
import { instance } from "./instance-event";

const controlPlane = { ...instance, instanceId: "i-control-plane", privateIp: "10.0.192.4" };
const document: Ec2NodeDocument = {
  version: 1,
  clusterName: "alpha",
  role: "worker",
  nodeGroup: "workers",
  nodeName: placeholders.nodeName,
  providerId: placeholders.providerId,
  kubernetesVersion: "1.36.3",
  endpoint: "https://10.0.192.4:6443",
  certificateAuthority: "CA",
  labels: {},
  taints: [],
  secrets: { source: "aws-ssm", parameter: "/gpu-clusters/alpha/join" },
};
const workerScript = renderBootstrapScript(document, { delivery: "ec2-user-data" });

describe("what light machines of EC2 instances run", () => {
  /** SSM with one parameter. */
  function scene() {
    const values = new Map<string, string>();
    const asked: string[] = [];
    const told: string[] = [];
    const changes: number[] = [];
    const parameters = {
      get: (name: string) => {
        asked.push(name);
        const value = values.get(name);
        return value === undefined ? Promise.reject(new ParameterError("ParameterNotFound")) : Promise.resolve(value);
      },
      put: (name: string, value: string) => Promise.resolve(void values.set(name, value)),
    };
    const instances: Instances = new Instances({
      startScript: lightStartScript({ parameters, log: (_instance, message) => void told.push(message) }),
      addresses: new MachineAddresses(),
      changed: () => void changes.push(instances.machines().size),
    });
    return { values, asked, told, changes, instances };
  }

  it("is the node document with the machine's own name, the token from SSM, and the control plane's machine as its endpoint", async () => {
    const { values, told, changes, instances } = scene();
    instances.apply(controlPlane);
    instances.apply({ ...instance, userData: workerScript });
    assert.equal(instances.machines().size, 1, "a node waits for its token");
    values.set("/gpu-clusters/alpha/join", "{}");
    await until("the reason", () => told.some((message) => /has not left a token/.test(message)));
    values.set("/gpu-clusters/alpha/join", JSON.stringify({ bootstrapToken: "abcdef.0123456789abcdef" }));
    const machine = await until("the node's machine", () =>
      Promise.resolve(instances.machines().get("aws/us-west-2/i-node")),
    );
    assert.deepEqual(changes, [2]);
    const document = nodeDocumentFromScript(machine.spec.startScript)!;
    assert.equal(document.nodeName, "ip-10-0-0-7.us-west-2.compute.internal");
    assert.equal(document.providerId, "aws:///us-west-2a/i-node");
    assert.equal(document.bootstrapToken, "abcdef.0123456789abcdef");
    assert.equal(document.endpoint, "https://127.78.192.4:6443");
    assert.ok(!("secrets" in document));
    // As the cloud controller manager would label it.
    assert.equal(document.labels["topology.kubernetes.io/zone"], "us-west-2a");
    assert.equal(document.labels["topology.kubernetes.io/region"], "us-west-2");
    assert.equal(document.labels["node.kubernetes.io/instance-type"], instance.instanceType);
  });

  it("is for the first of several control planes a document that begins the cluster, and for the others one that joins it", async () => {
    const { values, instances } = scene();
    const member = (id: string, place: "first" | "other") => {
      const own: Ec2NodeDocument = {
        ...document,
        role: "control-plane",
        member: place,
        endpoint: "https://127.79.0.9:6443",
        secrets: { source: "aws-ssm", parameter: "keys", joinParameter: "join" },
        controlPlane: {
          certificateNames: [],
          podSubnet: "10.244.0.0/16",
          serviceSubnet: "10.96.0.0/12",
          kubeProxy: true,
        },
      };
      const userData = renderBootstrapScript(own, { delivery: "ec2-user-data" });
      instances.apply({ ...instance, instanceId: id, userData });
    };
    const documentOf = async (id: string) => {
      const made = await until(id, () => instances.machines().get(`aws/us-west-2/${id}`));
      return nodeDocumentFromScript(made.spec.startScript)!;
    };
    const ca = await makeAuthority("kubernetes");
    const authorities = { ca, frontProxyCa: ca, etcdCa: ca };
    values.set(
      "keys",
      JSON.stringify({ controlPlane: { ...authorities, serviceAccountKey: "KEY", encryptionKey: "SECRETS" } }),
    );
    values.set("join", "{}");
    member("i-other", "other");
    member("i-first", "first");
    const first = await documentOf("i-first");
    assert.deepEqual([first.bootstrapToken, first.endpoint], [undefined, "https://127.79.0.9:6443"]);
    assert.equal(instances.machines().size, 1, "the other one waits for the token");
    assert.deepEqual(first.controlPlane?.certificateNames, [instance.privateIp], "as kubeadm names a machine");
    values.set("join", JSON.stringify({ bootstrapToken: "abcdef.0123456789abcdef" }));
    const other = await documentOf("i-other");
    assert.equal(other.bootstrapToken, "abcdef.0123456789abcdef");
    assert.equal(other.controlPlane?.serviceAccountKey, "KEY");
    assert.deepEqual(
      [first, other].map(({ controlPlane }) => controlPlane?.encryptionKey),
      ["SECRETS", "SECRETS"],
    );
    instances.close();
  });

  it("is asked for no longer when the instance has gone, and never becomes a machine then", async () => {
    const { asked, changes, instances } = scene();
    instances.apply({ ...instance, userData: workerScript });
    await until("a question", () => asked.length > 0);
    instances.apply({ ...instance, userData: workerScript, state: "shutting-down" });
    const before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(asked.length <= before + 1);
    assert.deepEqual([instances.machines().size, changes], [0, []]);
  });
});
