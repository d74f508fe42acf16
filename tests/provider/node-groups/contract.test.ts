import { itKeepsTheContract } from "./contract";
import { aws, cudo, mithril } from "./driver-scenes";

describe("a node group's driver", function () {
  this.timeout(300_000);
  describe("on AWS", () => itKeepsTheContract(() => aws()));
  describe("on AWS, in a reservation", () => itKeepsTheContract(() => aws({ reserved: 20 })));
  describe("on Cudo", () => itKeepsTheContract(cudo));
  describe("on Mithril, with spot bids", () => itKeepsTheContract(() => mithril()));
});
