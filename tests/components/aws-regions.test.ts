import assert from "node:assert/strict";
import { meantRegion } from "../../sdk/aws/regions";

describe("names of AWS's regions", () => {
  it("guess the region that was meant, and find nothing wrong with one that is newer than this release", () => {
    for (const [given, meant] of [
      ["us-wset-2", "us-west-2"],
      ["us-west-2a", "us-west-2"],
      ["us-west2", "us-west-2"],
      ["US_West_2", "us-west-2"],
      ["ap-southest-1", "ap-southeast-1"],
      ["us-gov-wst-1", "us-gov-west-1"],
      ["eu-south-9", undefined],
      ["xx-central-1", undefined],
      ["here", undefined],
    ])
      assert.equal(meantRegion(given!), meant);
  });
});
