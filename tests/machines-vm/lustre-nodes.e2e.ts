/**
 * Nodes of AWS with shared files on Lustre by their own start script, on emulated machines: `npm run test:e2e -- tests/machines-vm/lustre-nodes.e2e.ts`.
 * No kernel of Debian's has Lustre's client: behind `mount.lustre` is the kernel's NFS here. systemd, the script and its units are not stand-ins.
 */
import assert from "node:assert/strict";
import { renderBootstrapScript } from "../../bootstrap/script";
import { nfsServerScript } from "../../components/cudo/nfs-server";
import { lustreWorker } from "../bootstrap/documents";
import { emptyDisk, emulated, type Scene } from "./scene";
import type { VirtualMachine } from "./virtual-machine";
import { vmSpec } from "./virtual-machines";

const files = "10.9.0.1";
const { path } = lustreWorker.lustre!;

/** What AWS's packages would bring, and kubelet's. */
const brought = `mkdir -p /etc/kubernetes
cat >/usr/sbin/mount.lustre <<'END'
#!/bin/sh
case "$4" in *flock*) exec mount -t nfs4 -o noatime,retry=0 "\${1%@tcp:*}:/" "$2" ;; esac
END
printf '#!/bin/sh\\n' >/usr/local/sbin/modinfo
chmod 755 /usr/sbin/mount.lustre /usr/local/sbin/modinfo
echo 'install lustre /bin/true' >/etc/modprobe.d/lustre.conf
`;

describe("nodes with shared files on Lustre", function () {
  this.timeout(3_600_000);
  let scene: Scene | undefined;
  let server: VirtualMachine;
  const nodes: VirtualMachine[] = [];
  let one: VirtualMachine;
  let other: VirtualMachine;

  before(async function () {
    scene = await emulated(this);
    const startScript = nfsServerScript({ network: "10.9.0.0/24" });
    const dataDisk = emptyDisk(scene, 256);
    server = scene.machines.machine(vmSpec({ id: "vm/files", name: "files", address: files, startScript, dataDisk }));
    one = node(scene, "one", "10.9.0.2");
    other = node(scene, "other", "10.9.0.3");
  });
  after(async () => {
    // One that is asked to stop waits for files that have gone.
    await Promise.all(nodes.map((machine) => machine.powerCut()));
    await scene?.close();
  });

  function node({ machines }: Scene, name: string, address: string): VirtualMachine {
    const document = {
      ...lustreWorker,
      nodeName: name,
      providerId: `aws:///us-west-2a/${name}`,
      bootstrapToken: "abcdef.0123456789abcdef",
      authorizedKeys: [machines.sshKey.public],
      lustre: { source: `${files}@tcp:/fsx`, path },
    };
    const script = renderBootstrapScript(document, { delivery: "cudo-start-script" });
    const machine = machines.machine(vmSpec({ id: `vm/${name}`, name, address, startScript: brought + script }));
    nodes.push(machine);
    return machine;
  }

  const isUp = async (machine: VirtualMachine) => (await machine.output("systemctl is-active kubelet")) === "active";

  it("have what one of them writes on the other, before kubelet begins", async () => {
    await server.start();
    await server.untilSaid(/serves \/srv\/shared/);
    for (const [name, machine] of Object.entries({ one, other })) {
      await machine.start();
      await machine.until("a node", async () => (await machine.output("cat /var/lib/gpu-clusters/node")) === name);
      assert.equal(await machine.output(`findmnt -no SOURCE,FSTYPE ${path} | xargs`), `${files}:/ nfs4`);
      assert.match((await machine.output("systemctl show -p After,Requires kubelet"))!, /gpu-clusters-shared.service/);
      assert.ok(await isUp(machine));
    }
    const writes = `mkdir -m 0777 ${path}/volume && echo "from one node" >${path}/volume/note && sync && echo written`;
    assert.equal(await one.output(writes), "written");
    const reads = `cat ${path}/volume/note && su nobody -s /bin/sh -c "echo back >${path}/volume/answer" && echo written`;
    assert.equal(await other.output(reads), "from one node\nwritten");
    assert.equal(await one.output(`cat ${path}/volume/answer`), "back");
  });

  it("have no kubelet after a boot until the files are there, and nothing in their place", async () => {
    await other.output("sync");
    await other.powerCut();
    await server.powerCut();
    await other.start();
    await other.until("a log-in", async () => (await other.output("echo here")) === "here");
    await other.untilSaid(/mount\.nfs4?: .*(timed out|No route|unreachable|refused)/);
    assert.equal(await isUp(other), false);
    assert.equal(await other.output(`ls -A ${path}`), "");
    await server.start();
    await other.until("kubelet", () => isUp(other));
    assert.equal(await other.output(`cat ${path}/volume/note ${path}/volume/answer`), "from one node\nback");
  });
});
