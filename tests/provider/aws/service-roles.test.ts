import assert from "node:assert/strict";
import type { IAMClient } from "@aws-sdk/client-iam";
import { AwsApiError } from "../../../provider/aws/errors";
import { makeServiceRole } from "../../../provider/aws/service-roles";

describe("roles of AWS's services that these credentials may not make", () => {
  const refused = (action: string) =>
    new AwsApiError({ action, code: "AccessDenied", cloudMessage: "not authorized", httpStatus: 403 });
  /** `role`: what IAM says of it. */
  function made(service: string, role: "there" | "missing" | "unseen") {
    const send = ({ constructor: { name } }: object) => {
      if (name === "CreateServiceLinkedRoleCommand") return Promise.reject(refused("CreateServiceLinkedRole"));
      if (role === "there") return Promise.resolve({ Role: {} });
      const gone = { action: "GetRole", code: "NoSuchEntity", cloudMessage: "no such role", httpStatus: 404 };
      return Promise.reject(role === "unseen" ? refused("GetRole") : new AwsApiError(gone));
    };
    return makeServiceRole({ send } as unknown as IAMClient, service, AbortSignal.timeout(1_000));
  }

  for (const [service, name] of [
    ["ec2fleet", "AWSServiceRoleForEC2Fleet, without which AWS starts no machines"],
    ["elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing, without which elasticloadbalancing.amazonaws.com"],
    ["elasticfilesystem", "AWSServiceRoleForAmazonElasticFileSystem, without which"],
    ["fsx", "AWSServiceRoleForAmazonFSx, without which"],
  ] as const) {
    it(`are named, with who can, where one is missing (${service})`, async () => {
      const principal = `${service}.amazonaws.com`;
      await made(principal, "there");
      await assert.rejects(made(principal, "missing"), ({ message }: Error) => {
        assert.ok(message.startsWith(`the account lacks the role ${name}`), message);
        assert.ok(message.includes(`aws iam create-service-linked-role --aws-service-name ${principal} `), message);
        return true;
      });
    });
  }

  it("are left to a service that makes its own, where they cannot be seen", async () => {
    await made("fsx.amazonaws.com", "unseen");
    await assert.rejects(made("spot.amazonaws.com", "unseen"), /lacks the role AWSServiceRoleForEC2Spot/);
  });
});
