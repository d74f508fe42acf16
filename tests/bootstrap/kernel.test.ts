import assert from "node:assert/strict";
import { renderBootstrapScript } from "../../bootstrap/script";
import { filled, worker } from "./documents";
import { FakeMachine } from "./machine";

describe("the kernel of a node", () => {
  it("routes, shows bridges' traffic to iptables, and has a watch of files for each container's shim", async () => {
    const machine = new FakeMachine();
    try {
      const { status, output, calls } = await machine.run(
        filled(renderBootstrapScript(worker, { delivery: "cudo-start-script" })),
      );
      assert.equal(status, 0, output);
      assert.equal(machine.read("etc/modules-load.d/kubernetes.conf"), "overlay\nbr_netfilter\n");
      const settings = "etc/sysctl.d/90-kubernetes.conf";
      assert.deepEqual(machine.read(settings).trimEnd().split("\n"), [
        "net.ipv4.ip_forward=1",
        "net.bridge.bridge-nf-call-iptables=1",
        "net.bridge.bridge-nf-call-ip6tables=1",
        "fs.inotify.max_user_instances=8192",
      ]);
      assert.ok(calls.includes(`sysctl -qe -p ${machine.root}/${settings}`), calls.join("\n"));
    } finally {
      machine.dispose();
    }
  });
});
