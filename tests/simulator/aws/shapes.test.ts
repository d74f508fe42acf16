import assert from "node:assert/strict";
import { startScene, type Scene } from "../../provider/aws/scene";

describe("requests to the simulated AWS, beside AWS's own models of its APIs", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(async () => {
    await scene.simulator.clearRequests();
    await scene.close();
  });

  /** What is wrong with a request, as whoever wrote it by hand would send it. */
  async function misfits(service: string, body: string, target?: string, path = ""): Promise<readonly string[]> {
    const scope = `Credential=test/20260101/us-west-2/${service}/aws4_request`;
    const type = target ? "application/x-amz-json-1.1" : "application/x-www-form-urlencoded";
    await scene.simulator.clearRequests();
    const answer = await fetch(`${scene.simulator.endpoint}${path}`, {
      method: "POST",
      body,
      headers: {
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
        "content-type": type,
        ...(target && { "x-amz-target": target }),
      },
    });
    const found = (await scene.simulator.misfits()).map((misfit) => misfit.replace(/^\w+: /, ""));
    // Refused in AWS's words of the protocol, and nothing else is done with it.
    const refused =
      found.length > 0 && /ValidationException|InvalidParameterValue|ValidationError/.test(await answer.text());
    assert.equal(refused, found.length > 0, "refused, as AWS does");
    return found;
  }
  const ec2 = (body: string) => misfits("ec2", `Version=2016-11-15&${body}`);

  it("fit where names, types and values are right, lists and structures included", async () => {
    const filters = "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc-2&MaxResults=5&DryRun=false";
    assert.deepEqual(await ec2(`Action=DescribeSubnets&${filters}`), []);
    const roles = "Version=2010-05-08&Action=TagRole&RoleName=node&Tags.member.1.Key=a&Tags.member.1.Value=b";
    assert.deepEqual(await misfits("iam", roles), []);
    assert.deepEqual(await misfits("ssm", '{"Name":"/a/b","WithDecryption":true}', "AmazonSSM.GetParameter"), []);
    assert.deepEqual(await misfits("kms", '{"KeyId":"1","Plaintext":"c2VjcmV0"}', "TrentService.Encrypt"), []);
    const balancers = "Version=2015-12-01&Action=DescribeLoadBalancers&Names.member.1=train-api&PageSize=20";
    assert.deepEqual(await misfits("elasticloadbalancing", balancers), []);
  });

  it("are known by method and path where these say the operation", async () => {
    const efs = (path: string, body: object) => misfits("elasticfilesystem", JSON.stringify(body), undefined, path);
    assert.deepEqual(await efs("/2015-02-01/file-systems", { CreationToken: "train", Encrypted: true }), []);
    assert.deepEqual(await efs("/2015-02-01/mount-targets", { FileSystemId: "fs-12345678", Subnet: "subnet-1" }), [
      "SubnetId: is required",
      "Subnet: is no member of CreateMountTargetRequest",
    ]);
    const [unknown] = await efs("/2015-02-01/file-shares", {});
    assert.match(unknown!, /no operation$/);
    const actions = (await scene.simulator.requests()).map(({ action }) => action);
    assert.deepEqual(actions, ["POST /2015-02-01/file-shares"]);
  });

  it("are told apart by names, what is required, types, values, lengths and patterns, at any depth", async () => {
    assert.deepEqual(await ec2("Action=DescribeSubnets&Filters.1.Name=x&Filter.1.Valeu=y"), [
      "Filters: is no member of DescribeSubnetsRequest",
      "Filter[0].Valeu: is no member of Filter",
    ]);
    assert.deepEqual(await ec2("Action=DescribeSubnets&MaxResults=many&DryRun=no"), [
      "MaxResults: is no integer",
      "DryRun: is no boolean",
    ]);
    assert.deepEqual(await ec2("Action=DescribeSubnets&MaxResults=2000"), ["MaxResults: is not from 5 to 1000"]);
    const fleet = "Type=eternal&LaunchTemplateConfigs.1.Overrides.1.SubnetId=s&TargetCapacitySpecification.Total=1";
    assert.deepEqual(await ec2(`Action=CreateFleet&${fleet}`), [
      "Type: is none of request, maintain, instant",
      "TargetCapacitySpecification.TotalTargetCapacity: is required",
      "TargetCapacitySpecification.Total: is no member of TargetCapacitySpecificationRequest",
    ]);
    const [blob] = await misfits("kms", '{"KeyId":"1","Plaintext":"a secret"}', "TrentService.Encrypt");
    assert.equal(blob, "Plaintext: is no blob", "no value stands in the log");
    const [name, length] = await misfits("iam", `Version=2010-05-08&Action=GetRole&RoleName=a/${"b".repeat(63)}`);
    assert.match(name!, /^RoleName: does not match/);
    assert.equal(length, "RoleName: has 65 characters, and must have 1 to 64");
    assert.deepEqual(await misfits("ssm", '{"Name":"/a","WithDecryption":"yes","With":1}', "AmazonSSM.GetParameter"), [
      "WithDecryption: is no boolean",
      "With: is no member of GetParameterRequest",
    ]);
  });
});
