import assert from "node:assert/strict";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { machineReports } from "../../../provider/kubernetes/handlers/machine-reports";
import { waitFor, NotYet } from "../../../provider/kubernetes/handlers/wait";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import {
  askMachines,
  bootstrapLines,
  bootstrapLog,
  describeReports,
  logOverSsh,
  withoutSecrets,
} from "../../../provider/kubernetes/machine-log";
import type { ProviderConfig } from "../../../provider/server/resource";
import { Unknown } from "../../../provider/server/values";
import { newSshKeyPair } from "../../../simulator/ssh-key-pair";
import { testContext } from "./context";
import { httpsServer } from "./https-server";

// The log of a machine that answers is read in tests/machines-nspawn/machines.e2e.ts.
describe("the log of a machine that does not become a node", () => {
  const { private: privateKey } = newSshKeyPair();

  it("is told without secrets, whoever wrote them there", () => {
    const text = `join with abcdef.0123456789abcdef\n-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\nat 10.0.0.1.`;
    assert.equal(withoutSecrets(text), "join with [secret]\n[secret]\nat 10.0.0.1.");
    assert.equal(withoutSecrets("-----BEGIN EC PRIVATE KEY-----\nMIGH"), "[secret]");
    assert.equal(
      withoutSecrets("the packages of https://apt:hunter22@mirror.example.com/k8s did not bring kubelet"),
      "the packages of https://[secret]@mirror.example.com/k8s did not bring kubelet",
    );
    const report = { nodeName: "gpu-0", source: bootstrapLog, text: "one\ntwo", hasFailed: true };
    assert.equal(describeReports([report]), "\ngpu-0: /var/log/gpu-clusters-bootstrap.log ends with\n  one\n  two");
  });

  it("may be out of reach, which the error about the missing node tells", async () => {
    const [report] = await askMachines(
      [{ nodeName: "gpu-0", address: "127.77.255.1" }],
      logOverSsh(privateKey),
      AbortSignal.timeout(9_000),
    );
    assert.match(report!.text, /^\(not read: /);
    assert.equal(report!.hasFailed, false);
    const server = await httpsServer((request, response) =>
      response.end(
        request.url?.startsWith("/api/v1/nodes") ? `{"items":[]}` : `{"resources":[{"name":"nodes","kind":"Node"}]}`,
      ),
    );
    try {
      const error: Error = await nodesReady({})
        .create(
          {
            kubeconfig: server.kubeconfig,
            nodeGroups: [{ name: "gpu", minSize: 1 }],
            controlPlaneNodes: 0,
            timeoutSeconds: 1,
            machines: [{ nodeName: "gpu-0", address: "127.77.255.1" }],
            sshPrivateKey: privateKey,
          },
          testContext(),
        )
        .then(
          () => assert.fail("did not fail"),
          (reason: Error) => reason,
        );
      assert.match(error.message, /has 0 of 1 nodes[\s\S]*\ngpu-0: \/var\/log\S+ ends with\n {2}\(not read: /);
      assert.ok(!error.message.includes("PRIVATE KEY"));
    } finally {
      await server.close();
    }
  });

  it("is asked of the cloud that a machine names, where there is no key", async () => {
    const asked: unknown[] = [];
    const sources = {
      "aws:console": async () => ({
        name: "its console",
        read: async (machine: string, config: ProviderConfig) => {
          asked.push([machine, config]);
          return "cloud-init[1]: 2026-01-02T03:05:05Z FAILED at step: kubeadm join (exit status 1)";
        },
      }),
      "other:cloud": () => assert.fail("no machine names it"),
    };
    const { config, signal } = testContext();
    const log = { source: "aws:console", machine: "i-1" };
    const machines = [{ nodeName: "gpu-0", log }, { nodeName: "gpu-1" }];
    const reports = await machineReports(machines, { sources, sshPrivateKey: undefined, config, signal });
    assert.deepEqual(
      reports.map(({ nodeName, source, hasFailed }) => [nodeName, source, hasFailed]),
      [["gpu-0", "its console", true]],
    );
    assert.deepEqual(asked, [["i-1", config]]);
    const wrong = { source: "aws:consol", machine: "i-1" };
    const reason = '"aws:consol" is no source of logs; there is "aws:console", "other:cloud"';
    const { kubeconfig } = { kubeconfig: Unknown.value };
    assert.deepEqual(await apiServerReady(sources).check!({ kubeconfig, log: wrong }, testContext()), [
      { property: "log.source", reason },
    ]);
    const waiting = { kubeconfig, nodeGroups: [], machines: [{ nodeName: "gpu-0", log: wrong }] };
    assert.deepEqual(await nodesReady(sources).check!(waiting, testContext()), [
      { property: "machines[0].log.source", reason },
    ]);
  });

  it("is found among the rest of what an instance wrote on its console", () => {
    const text = [
      "[    0.000000] Linux version 6.8.0",
      "[   21.034567] cloud-init[812]: 2026-01-02T03:04:05Z kubeadm join",
      "[   21.034568] cloud-init[812]: \u001b[0;37mCONFIG_NAMESPACES\u001b[0m: enabled",
      "[   21.034569] cloud-init[812]: \t[WARNING Swap]: no",
      "[   99.000000] gpu-clusters[1012]: 2026-01-02T03:05:05Z FAILED at step: kubeadm join (exit status 1)",
      "",
      "Ubuntu 24.04 LTS ip-10-0-0-1 ttyS0",
    ].join("\r\n");
    const found =
      "2026-01-02T03:04:05Z kubeadm join\n2026-01-02T03:05:05Z FAILED at step: kubeadm join (exit status 1)";
    assert.equal(bootstrapLines(text), found);
    assert.equal(bootstrapLines(text.replace(/^\[ .*?\] /gm, "")), found, "from a console without times");
    assert.equal(bootstrapLines("GRUB\nno such device\n"), "GRUB\nno such device");
  });

  it("is asked only now and then, and ends the wait when a machine gave up", async () => {
    let asked = 0;
    const wait = {
      what: "nodes",
      timeoutMs: 400,
      signal: new AbortController().signal,
      log: testContext().log,
      timedOut: async (reason: string) => new Error(`late: ${reason}`),
      hopeless: async () => void asked++ as undefined,
    };
    await assert.rejects(
      waitFor(async () => new NotYet("missing"), wait),
      /late: missing/,
    );
    assert.equal(asked, 0);
    const givenUp = { ...wait, hopelessEveryMs: 50, hopeless: async (reason: string) => new Error(`never: ${reason}`) };
    await assert.rejects(
      waitFor(async () => new NotYet("missing"), givenUp),
      /never: missing/,
    );
  });
});
