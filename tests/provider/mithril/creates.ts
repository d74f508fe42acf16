/** The creates of Mithril whose answer may not come: none of them may be posted twice. */
import { provider } from "../../../plugin/provider";
import { startPlugin, type Plugin } from "../server/harness";
import { publicKey, signal, TestMithril } from "./cloud";

export const region = "us-central5-a";

export interface Create {
  type: string;
  create: string;
  list: string;
  inputs(): object;
}

/** Each test of the `describe` that makes it has a Mithril and a plugin of its own. */
export class Creates {
  mithril!: TestMithril;
  plugin!: Plugin;
  /** An SSH key that is there. */
  key!: string;
  /** Of a reservation. It begins with its test: a start that has passed is refused. */
  private period!: { start: string; end: string };

  constructor() {
    beforeEach(async () => {
      const now = Date.now();
      const [start, end] = [now, now + 24 * 3_600_000].map((time) => new Date(time).toISOString()) as [string, string];
      this.period = { start, end };
      this.mithril = await TestMithril.start();
      this.plugin = await startPlugin(provider, { config: this.mithril.config });
      const key = { name: "k", publicKey: publicKey(), required: false };
      this.key = (await this.mithril.api().sshKeys.create(key, signal())).fid;
      this.mithril.requests.length = 0;
    });
    afterEach(async () => {
      await this.plugin.stop();
      await this.mithril.close();
    });
  }

  order() {
    return { name: "o", region, instanceType: "h100-80gb.sxm.8x", sshKeys: [this.key] };
  }

  readonly bid: Create = {
    type: "SpotBid",
    create: "CreateBid",
    list: "ListBids",
    inputs: () => ({ ...this.order(), limitPrice: "$20.00" }),
  };

  readonly all: readonly Create[] = [
    {
      type: "SshKey",
      create: "CreateSshKey",
      list: "ListSshKeys",
      inputs: () => ({ name: "other", publicKey: publicKey(2) }),
    },
    {
      type: "Cluster",
      create: "CreateCluster",
      list: "ListClusters",
      inputs: () => ({ ...this.order(), instanceType: "cpu.4x" }),
    },
    {
      type: "Volume",
      create: "CreateVolume",
      list: "ListVolumes",
      inputs: () => ({ name: "data", region, diskInterface: "File", sizeGb: 10 }),
    },
    this.bid,
    {
      type: "Reservation",
      create: "CreateReservation",
      list: "ListReservations",
      inputs: () => ({ ...this.order(), ...this.period, onDestroy: "terminateInstances" }),
    },
  ];
}
