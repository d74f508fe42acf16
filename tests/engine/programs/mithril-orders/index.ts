import * as pulumi from "../../../../sdk/pulumi";
import { MithrilCluster, Volume } from "../../../../components/mithril";

interface Reservation {
  start: string;
  end: string;
  onDestroy?: "terminateInstances" | "keep";
}

const config = new pulumi.Config();
const region = "us-central5-a";
const disk = config.getBoolean("disk")
  ? new Volume("scratch", { name: "scratch", region, diskInterface: "Block", sizeGb: 50 })
  : undefined;

const cluster = new MithrilCluster("orders", {
  region,
  controlPlane: { instanceType: "cpu.4x" },
  sshPublicKey: config.require("sshPublicKey"),
  sshPrivateKey: config.requireSecret("sshPrivateKey"),
  sshPort: config.requireNumber("sshPort"),
  fileShares: [{ name: "datasets", sizeGb: 100 }],
  nodeGroups: [
    {
      name: "held",
      instanceType: "h100-80gb.sxm.8x",
      capacity: { reservation: config.requireObject<Reservation>("reservation") },
      minSize: 1,
      maxSize: 1,
      volumes: disk ? [disk.id] : [],
    },
  ],
});

export const { status, nodeGroups } = cluster;
