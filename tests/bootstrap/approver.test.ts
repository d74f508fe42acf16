import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
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

  it("decides as the rules in TypeScript do, and deletes what an earlier machine left, by its uid, before it approves", () => {
    const decisions = JSON.parse(
      python(
        `import contextlib,io,json,sys
sys.path.insert(0,sys.argv[1])
import approver
def decide(case):
    request,registered=case["request"],case.get("registered")
    node=None if registered is None else {"metadata":{"uid":"uid-1"},"spec":{"providerID":registered.get("providerId")}}
    done=[]
    approver.get=lambda *words: {"items":[]} if words==("csr",) else node
    approver.requests_of=lambda items: [{**each,"pending":each["name"]==request["name"]} for each in case["requests"]]
    approver.machines_of=lambda waiting: {request["node"]:case["machine"]} if case.get("machine") else {}
    approver.run=lambda *command,**more: done.append([*command[2:],*([json.loads(more["input"])] if "input" in more else [])])
    with contextlib.redirect_stdout(io.StringIO()): approver.approve()
    return [approver.told[request["name"]],done]
print(json.dumps([decide(case) for case in json.load(sys.stdin)]))`,
        JSON.stringify(approvalCases.map(({ request, facts }) => ({ request, ...facts }))),
      ),
    ) as [string | null, unknown[][]][];
    approvalCases.forEach(({ title, request, refusal, replaces }, index) => {
      const [why, done] = decisions[index]!;
      const deletes = ["delete", `--raw=/api/v1/nodes/${request.node}`, "-f-", { preconditions: { uid: "uid-1" } }];
      const approves = ["--request-timeout=20s", "certificate", "approve", request.name];
      if (refusal) assert.match(why ?? "approved", refusal, title);
      else assert.equal(why, null, title);
      assert.deepEqual(done, refusal ? [] : [...(replaces ? [deletes] : []), approves], title);
    });
  });

  it("asks once for all machines, and gives each request a turn where one machine asks for very many", () => {
    const program = `import base64,contextlib,io,json,sys
sys.path.insert(0,sys.argv[1])
import approver
open(sys.argv[1]+"/ec2.py","w").close()
def csr(number):
    groups=[approver.CONTROL] if number=="cp" else ["system:bootstrappers"]
    return {"metadata":{"name":"csr-%s"%number,"uid":str(number),"creationTimestamp":"2026-11-28T10:00:10Z"},"spec":{"signerName":"kubernetes.io/kube-apiserver-client-kubelet","username":"system:bootstrap:abcdef","groups":groups,"request":""},"status":{}}
approver.subject=lambda csr: approver.subjects.setdefault(csr["metadata"]["uid"],"subject=CN=system:node:n%s,O=system:nodes"%csr["metadata"]["uid"])
done=[]
def run(*command,**more):
    done.append(command[1:])
    if "ec2.py" in command[1]: return json.dumps({"n7":{"providerId":"aws:///a/i-7","since":"2026-11-28T10:00:00Z"}})
    return json.dumps({"items":listed}) if "csr" in command else ""
approver.run=run
def round(*numbers):
    global listed
    listed=[csr(number) for number in numbers]
    done.clear()
    with contextlib.redirect_stdout(io.StringIO()): approver.approve()
    asked=[len(words)-2 for words in done if "ec2.py" in words[0]]
    return [asked,sorted(words[-1] for words in done if "approve" in words),len([words for words in done if "node" in words])]
def late():
    while True:
        seen=round(*range(200))
        if seen[1]: return seen[1]
many=round(*range(8,200))
found=late()
few=round(7,"cp")
def fails(waiting): raise approver.subprocess.CalledProcessError(1,"ec2.py")
approver.machines_of=fails
silent=round(7,"cp")
print(json.dumps([many,found,few,silent,approver.told["csr-7"]]))`;
    assert.deepEqual(JSON.parse(python(program, "")), [
      [[50], [], 50],
      ["csr-7"],
      [[2], ["csr-7", "csr-cp"], 2],
      [[], ["csr-cp"], 2],
      "its token is no machine's own, and the cloud has no such machine in a node group",
    ]);
  });

  it("passes over a token without fields, which Kubernetes lets anybody write who may write there", () => {
    const program = `import base64,json,sys
sys.path.insert(0,sys.argv[1])
import approver
text=lambda value: base64.b64encode(value).decode()
tokens=[{"metadata":{"name":"none"}},{"metadata":{"name":"no-text"},"data":{"auth-extra-groups":text(b"\\xff")}},{"metadata":{"name":"spent"},"data":{"auth-extra-groups":text(approver.BOUND.encode()+b"a")}}]
approver.kubectl=lambda *words: json.dumps({"items":tokens}) if "secret" in words and "get" in words else "node/a\\n" if "get" in words else print(*words)
approver.spend()`;
    assert.match(python(program, ""), /delete secret -n kube-system spent/);
  });

  const requestFor = (subject: string) => {
    const made = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    return execFileSync("openssl", [...made, "-keyout", "/dev/null", "-subj", subject, "-multivalue-rdn"], {
      stdio: ["ignore", "pipe", "ignore"],
      encoding: "utf8",
    });
  };

  it("goes on where there is no request and no token, of which kubectl says nothing at all", () => {
    const kubectl = join(machine.root, "kubectl");
    writeFileSync(kubectl, "#!/bin/sh\n", { mode: 0o755 });
    const program = `import sys
sys.path.insert(0,sys.argv[1])
import approver
approver.KUBECTL[0]=sys.argv[1]+"/../../../kubectl"
approver.spend()
print(approver.approve())`;
    assert.equal(python(program, ""), "False\n");
  });

  it("reads no request that others may read otherwise", () => {
    const [own, wanted] = ["a", "control-plane"].map((node) => requestFor(`/O=system:nodes/CN=system:node:${node}`));
    const lines = own!.split("\n");
    const last = lines.at(-3)!;
    // Of each openssl reads the first block, and Kubernetes, which cannot decode that one, the second.
    const forged = [
      own!.replace(last, `${last}-x`),
      own!.replace(last, `${last}\u0001`),
      own!.replace("-----\n", "-----\u000b\n"),
      own!.replace(/-----\n$/, "-----\u0001\n"),
      "",
      `${own}text\n`,
    ].map((text) => text + wanted);
    const program = `import base64,json,sys
sys.path.insert(0,sys.argv[1])
import approver
print(json.dumps([approver.subject({"metadata":{"uid":text},"spec":{"request":base64.b64encode(text.encode())}}) for text in json.load(sys.stdin)]))`;
    const read = JSON.parse(python(program, JSON.stringify([...forged, own, own!.trimEnd()]))) as string[];
    const [theirs, ours] = ["control-plane", "a"].map((node) => `subject=CN=system:node:${node},O=system:nodes`);
    assert.deepEqual(read, ["", "", "", "", theirs, "", ours, ours]);
  });

  it("reads of a request what Kubernetes would sign, and passes over what is none of its business", () => {
    const item = (name: string, subject: string, changes: object = {}) => ({
      metadata: { name, uid: name, creationTimestamp: "2026-11-28T10:00:10Z" },
      spec: {
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        username: "system:bootstrap:abcdef",
        groups: ["system:bootstrappers"],
        request: subject && Buffer.from(requestFor(subject)).toString("base64"),
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
      // kubectl would take it for an option, and watch.
      item("option", "/O=system:nodes/CN=system:node:-w"),
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
