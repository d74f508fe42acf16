import assert from "node:assert/strict";
import { AwsApiError } from "../../../provider/aws/errors";

describe("what AWS refuses because of credentials", () => {
  const said = (code: string, cloudMessage: string) =>
    new AwsApiError({ action: "DescribeFleets", code, cloudMessage, httpStatus: 403 }).message;

  it("says of those that end while something is waited for that new ones are all that it takes", () => {
    for (const code of ["ExpiredToken", "ExpiredTokenException"])
      assert.match(
        said(code, "The security token included in the request is expired"),
        /is expired \(DescribeFleets.*\. These temporary credentials have ended: get new ones, and the same command goes on/,
      );
    // EC2's own word for it, which a clock that is wrong brings about too.
    assert.match(
      said("RequestExpired", "Request has expired."),
      /clock right\?.*temporary credentials that have ended/,
    );
    assert.match(said("InvalidClientTokenId", "The security token is invalid."), /Check the AWS credentials/);
  });
});
