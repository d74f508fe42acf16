import assert from "node:assert/strict";
import type { PolicyDocument } from "../../components/aws/policies";
import { checkAwsClusterArgs } from "../../components/aws/validate";
import { deployed, inputs, minimal, ownKeyArn } from "./aws-scene";
import { plain } from "./mocks";

describe("keys of a cluster on AWS", () => {
  it("has its keys written by the plugin, under a key that names the deployer, administrators and the control plane", async () => {
    const ops = "arn:aws:iam::123456789012:role/ops";
    const { registered } = await deployed({ administrators: [ops], adminValidityHours: 24, tags: { team: "ml" } });
    const { parameterPath, kmsKeyId, adminValidityHours, tags } = inputs(registered, "train-keys");
    assert.deepEqual([parameterPath, kmsKeyId, adminValidityHours], ["/gpu-clusters/train", ownKeyArn, 24]);
    assert.equal((tags as Record<string, string>)["team"], "ml");
    const { policy, deletionWindowInDays } = inputs(registered, "train-key");
    assert.equal(deletionWindowInDays, 7);
    const conditions = (JSON.parse(String(policy)) as PolicyDocument).Statement.map(({ Condition }) => Condition);
    const keysParameter = "arn:aws:ssm:us-west-2:123456789012:parameter/gpu-clusters/train/control-plane-keys";
    assert.deepEqual(conditions, [
      undefined,
      { ArnLike: { "aws:PrincipalArn": ["arn:aws:iam::123456789012:user/deployer", ops] } },
      {
        StringEquals: {
          "aws:PrincipalArn": "arn:aws:iam::123456789012:role/train-control-plane-role",
          "kms:EncryptionContext:PARAMETER_ARN": keysParameter,
        },
      },
    ]);
    const role = JSON.parse(String(inputs(registered, "train-control-plane-policy")["policy"])) as PolicyDocument;
    assert.deepEqual(
      role.Statement.filter(({ Action }) => Action.includes("kms:Decrypt")).map(({ Resource }) => Resource),
      [[ownKeyArn]],
    );
    // The one that nodes read is the only one that the program writes.
    assert.deepEqual(
      registered.all("aws:ssm/parameter:Parameter").map(({ inputs }) => plain(inputs)),
      [
        {
          name: "/gpu-clusters/train/join",
          type: "SecureString",
          value: "{}",
          tags: { team: "ml", "gpu-clusters/cluster": "train", "gpu-clusters/stack": "project/stack" },
        },
      ],
    );
  });

  it("takes a key that is there by its id or ARN, and makes none then", async () => {
    const arn = "arn:aws:kms:us-west-2:123456789012:key/mrk-0123456789abcdef0123456789abcdef";
    for (const [kmsKeyId, expected] of [
      [arn, arn],
      [arn.split("/")[1]!, arn],
    ] as const) {
      const { registered } = await deployed({ kmsKeyId });
      assert.equal(inputs(registered, "train-keys")["kmsKeyId"], expected);
      assert.deepEqual(registered.all("aws:kms/key:Key"), []);
    }
    const problems = checkAwsClusterArgs("train", {
      ...minimal,
      kmsKeyId: "alias/mine",
      administrators: ["arn:aws:iam::123456789012:role/*"],
    });
    assert.deepEqual(
      problems.all.map(({ propertyPath }) => propertyPath),
      ["kmsKeyId", "administrators[0]", "administrators"],
    );
    assert.match(
      problems.all[2]!.reason,
      /^cannot be given beside kmsKeyId: .* Name them there, or leave out kmsKeyId$/,
    );
  });
});
