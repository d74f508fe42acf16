/** docs/aws.md names what a deployer must be allowed to do: all that is asked of AWS, and nothing else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { controlPlanePolicy } from "../../components/aws/policies";

const root = join(__dirname, "..", "..");

const sources = (...rooms: string[]): string[] =>
  rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(root, room, file), "utf8")),
  );

/** IAM's prefix of a service, where the SDK's name of it is another. */
const prefixes: Record<string, string> = {
  "elastic-load-balancing": "elasticloadbalancing",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  "service-quotas": "servicequotas",
};

/** Each request that our plugin and the autoscaler's server make, by IAM's name of it. */
function requests(): Set<string> {
  const clients = sources("provider", "autoscaler", "components").flatMap((text) => [
    ...text.matchAll(/(?:import|export) \{([^}]*)\} from "@aws-sdk\/client-([\w-]+)"/g),
  ]);
  return new Set(
    clients.flatMap(([, names, client]) =>
      [...names!.matchAll(/(?<!as )\b(?:paginate([A-Z]\w+)|([A-Z]\w+)Command)\b/g)].map(
        ([, paged, single]) => `${prefixes[client!] ?? client!}:${paged ?? single!}`,
      ),
    ),
  );
}

/** What is used of Pulumi's AWS provider, as programs write it: `aws.ec2.Vpc`, `aws.getRegion`. */
function usedOfPulumi(): string[] {
  const imports = sources("components", "stack").flatMap((text) => [
    ...text.matchAll(/import (?:type )?\{ (\w+) \} from "@pulumi\/aws\/(?:(\w+)\/)?\w+"/g),
  ]);
  return imports.map(([, name, service]) => ["aws", ...(service ? [service] : []), name].join("."));
}

/** What its functions ask; a region and default tags it knows by itself. */
const functions: Record<string, readonly string[]> = {
  "aws.ec2.getSecurityGroups": ["ec2:DescribeSecurityGroups"],
  "aws.getCallerIdentity": ["sts:GetCallerIdentity"],
  "aws.getDefaultTags": [],
  "aws.getRegion": [],
};

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

describe("what a deployer must be allowed on AWS", () => {
  const page = readFileSync(join(root, "docs", "aws.md"), "utf8");
  const section = /^## Permissions\n([^]*?)(?=^## )/m.exec(page)?.[1] ?? "";

  it("is said of each request of ours", () => {
    const told = [...section.matchAll(/`([a-z0-9-]+:[A-Z]\w+)`/g)].map(([, action]) => action!);
    const asked = usedOfPulumi()
      .filter((name) => /\.get\w+$/.test(name))
      .flatMap((name) => functions[name] ?? [`what ${name} asks for`]);
    // No request: EC2 looks for it when machines get a role.
    assert.deepEqual(sorted(told), sorted([...requests(), ...asked, "iam:PassRole"]));
  });

  it("is said of each kind of resource that Pulumi's AWS provider makes", () => {
    const told = [...section.matchAll(/`(aws\.\w+\.\w+)`/g)].map(([, kind]) => kind!);
    const made = usedOfPulumi().filter((name) => /^aws\.\w+\.[A-Z]/.test(name));
    assert.deepEqual(sorted(told), sorted(made));
  });

  it("is not given to the control plane's role to look at what nobody asks for", () => {
    const parameter = (name: string) => `arn:aws:ssm:us-west-2:123456789012:parameter/gpu-clusters/train/${name}`;
    const { Statement } = controlPlanePolicy({
      clusterName: "train",
      keysParameter: parameter("control-plane-keys"),
      kmsKey: "arn:aws:kms:us-west-2:123456789012:key/1",
      joinParameter: parameter("join"),
      kubernetesTag: undefined,
    });
    const looks = Statement.find(({ Sid }) => Sid === "Look")!.Action;
    const asked = requests();
    assert.deepEqual(
      looks.filter((action) => !asked.has(action)),
      [],
    );
  });
});
