import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { renderBootstrapScript } from "../../bootstrap/script";
import { approvalCases } from "./approval-cases";
import { controlPlane, filled } from "./documents";
import { FakeMachine } from "./machine";

describe("the approver on a control plane", () => {
  let machine: FakeMachine;
  before(async () => {
    machine = new FakeMachine();
    const script = filled(renderBootstrapScript(controlPlane, { delivery: "cudo-start-script" }));
    const { status, output, calls } = await machine.run(script);
    assert.equal(status, 0, output);
    assert.ok(calls.includes("systemctl restart --no-block gpu-clusters-approver.service"), calls.join("\n"));
  });
  after(() => machine.dispose());

  const python = (program: string, input: string) =>
    execFileSync("python3", ["-c", program, join(machine.root, "var/lib/gpu-clusters")], { input, encoding: "utf8" });

  it("decides as the rules in TypeScript do", () => {
    const decisions = JSON.parse(
      python(
        `import json,sys
sys.path.insert(0,sys.argv[1])
from approver import refusal
print(json.dumps([refusal(c["request"],c["requests"],c.get("machine"),c.get("registered")) for c in json.load(sys.stdin)]))`,
        JSON.stringify(approvalCases.map(({ request, facts }) => ({ request, ...facts }))),
      ),
    ) as (string | null)[];
    approvalCases.forEach(({ title, refusal }, index) => {
      if (refusal) assert.match(decisions[index] ?? "approved", refusal, title);
      else assert.equal(decisions[index], null, title);
    });
  });

  it("reads of a request what Kubernetes would sign, and passes over what is none of its business", () => {
    const requestFor = (subject: string) => {
      const made = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
      const pem = execFileSync("openssl", [...made, "-keyout", "/dev/null", "-subj", subject, "-multivalue-rdn"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      return pem.toString("base64");
    };
    const item = (name: string, subject: string, changes: object = {}) => ({
      metadata: { name, uid: name, creationTimestamp: "2026-11-28T10:00:10Z" },
      spec: {
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        username: "system:bootstrap:abcdef",
        groups: ["system:bootstrappers"],
        request: subject && requestFor(subject),
        ...changes,
      },
      status: {},
    });
    const items = [
      item("good", "/O=system:nodes/CN=system:node:ip-10-0-0-7.ec2.internal"),
      item("other-signer", "/O=system:nodes/CN=system:node:a", { signerName: "kubernetes.io/kube-apiserver-client" }),
      item("renewal", "/O=system:nodes/CN=system:node:a", { username: "system:node:a", groups: ["system:nodes"] }),
      item("administrator", "/O=system:masters/CN=system:node:a"),
      item("two-groups", "/O=system:nodes/O=system:masters/CN=system:node:a"),
      item("two-in-one", "/O=system:nodes+O=system:masters/CN=system:node:a"),
      item("no-node", "/O=system:nodes/CN=admin"),
      item("longer", "/O=system:nodes/CN=system:node:a b"),
      item("nothing", ""),
    ];
    const read = python(
      `import json,sys
sys.path.insert(0,sys.argv[1])
from approver import requests_of
print(json.dumps([[r["name"],r["node"],r["pending"]] for r in requests_of(json.load(sys.stdin))]))`,
      JSON.stringify(items),
    );
    assert.deepEqual(JSON.parse(read), [["good", "ip-10-0-0-7.ec2.internal", true]]);
  });
});
