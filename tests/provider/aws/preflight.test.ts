import assert from "node:assert/strict";
import * as fc from "fast-check";
import { allocationStrategies, strategyFromApi } from "../../../sdk/aws/allocation";
import { capacityProblems } from "../../../sdk/aws/capacity";
import { checkAwsConfig } from "../../../provider/aws/config";
import { AwsApiError, kindOf, toAwsError } from "../../../provider/aws/errors";
import { targetWithout } from "../../../provider/aws/fleet/fleet-driver";
import { kindOfProblem, kindOfRefusal, problemOf } from "../../../provider/aws/fleet/fleet-problems";
import { everyPair, explains, samePairs } from "../../../provider/aws/fleet/fleet-pairs";
import { createFleetRequest, readFleet } from "../../../provider/aws/fleet/fleet-request";
import { capacityOf, termsOf, type FleetSpec } from "../../../provider/aws/fleet/fleet-spec";
import type { GroupInstance } from "../../../provider/aws/fleet/group-instances";
import { newest } from "../../../provider/aws/images";
import type { InstanceTypeFacts } from "../../../provider/aws/instance-types";
import { tagFilters } from "../../../provider/aws/ownership";
import { examineGroup, settingFailures, type GroupFacts } from "../../../provider/aws/preflight/preflight";
import { quotaOf } from "../../../provider/aws/preflight/quotas";

const types: readonly InstanceTypeFacts[] = [2, 4, 8].flatMap((vcpus) =>
  ["x86_64", "arm64"].flatMap((architecture) =>
    [0, 1].map((gpus) => ({
      name: `${gpus ? "g" : "m"}${architecture === "arm64" ? 7 : 6}.${vcpus}`,
      vcpus,
      memoryMib: vcpus * 4096,
      gpus,
      gpuModel: gpus ? "L4" : "",
      gpuVendor: gpus ? "NVIDIA" : "",
      architectures: [architecture],
      spot: true,
      efaInterfaces: 0,
      networkCards: 1,
      placementStrategies: ["cluster"],
    })),
  ),
);

function facts(rest: Partial<GroupFacts> = {}): GroupFacts {
  return {
    region: "us-west-2",
    offerings: types.map(({ name }) => ({ instanceType: name, zone: "us-west-2a" })),
    alternatives: [],
    types,
    zones: [],
    imageArchitecture: undefined,
    quotas: new Map(),
    ...rest,
  };
}

const names = fc.uniqueArray(fc.constantFrom(...types.map(({ name }) => name)), { minLength: 1, maxLength: 6 });

describe("AWS preflight", () => {
  it("accepts a group exactly when its types are of one shape and architecture, and names each type once in a split", () => {
    fc.assert(
      fc.property(names, (instanceTypes) => {
        const chosen = types.filter(({ name }) => instanceTypes.includes(name));
        const same =
          new Set(chosen.map(({ vcpus, gpus, architectures }) => `${vcpus}/${gpus}/${architectures[0]}`)).size === 1;
        const plan = { instanceTypes, capacityType: "on-demand" as const, minSize: 0, maxSize: 1 };
        const { failures } = examineGroup(plan, facts());
        assert.equal(failures.length === 0, same);
        for (const { property, reason } of failures) {
          assert.equal(property, "instanceTypes");
          for (const name of instanceTypes)
            assert.equal(reason.split(/[;:,(] ?/).filter((word) => word.trim() === name).length, 1);
        }
      }),
    );
  });

  it("refuses for a quota exactly when not even the least size fits under any, and warns when the most does not", () => {
    const sizes = fc
      .tuple(fc.nat(8), fc.nat(8))
      .map(([a, b]) => ({ minSize: Math.min(a, b), maxSize: Math.max(a, b) }));
    fc.assert(
      fc.property(sizes, fc.nat(40), (size, vcpus) => {
        const quotas = new Map([["m6.4", { quota: quotaOf("m6.4", "on-demand")!, vcpus }]]);
        const plan = { instanceTypes: ["m6.4"], capacityType: "on-demand" as const, ...size };
        const { failures, warnings } = examineGroup(plan, facts({ quotas }), "nodeGroups[1]");
        const impossible = size.maxSize > 0 && vcpus < 4 * Math.max(1, size.minSize);
        assert.equal(failures.length, impossible ? 1 : 0);
        assert.equal(warnings.length, !impossible && vcpus < 4 * size.maxSize ? 1 : 0);
        for (const { property } of failures) assert.equal(property, "nodeGroups[1].instanceTypes[0]");
      }),
    );
  });

  it("tells where a type is offered, and lists what is when it is nowhere", () => {
    const plan = { instanceTypes: ["m6.2", "p9.1"], capacityType: "on-demand" as const, minSize: 0, maxSize: 1 };
    const alternatives = ["p5.48xlarge", "p5.4xlarge"];
    const { failures } = examineGroup(plan, facts({ zones: ["us-west-2b"], alternatives }));
    assert.deepEqual(failures, [
      {
        property: "instanceTypes[0]",
        reason: '"m6.2" is not offered in the zones of this group (us-west-2b), but in us-west-2a',
      },
      { property: "instanceTypes[1]", reason: '"p9.1" is not offered in us-west-2; offered: p5.4xlarge, p5.48xlarge' },
    ]);
    const some = examineGroup({ ...plan, instanceTypes: ["m6.2"] }, facts({ zones: ["us-west-2a", "us-west-2b"] }));
    assert.deepEqual(some, {
      failures: [],
      warnings: ['instanceTypes[0]: "m6.2" is not offered in us-west-2b, so all of them run elsewhere'],
    });
  });

  it("counts each family under the quota that AWS counts it under", () => {
    const expected: [string, "spot" | "on-demand", string | undefined][] = [
      ["p5.48xlarge", "spot", "L-C4BD4855"],
      ["p4d.24xlarge", "spot", "L-7212CCBC"],
      ["p5.48xlarge", "on-demand", "L-417A185B"],
      ["g6e.xlarge", "on-demand", "L-DB2E81BA"],
      ["gr6.4xlarge", "spot", "L-3819A6DF"],
      ["trn1.2xlarge", "on-demand", "L-2C3B7624"],
      ["inf2.xlarge", "spot", "L-B5D1601B"],
      ["dl1.24xlarge", "on-demand", "L-6E869C2A"],
      ["t3.xlarge", "on-demand", "L-1216C47A"],
      ["im4gn.large", "spot", "L-34B43A08"],
      ["u-6tb1.metal", "on-demand", undefined],
    ];
    for (const [type, capacityType, code] of expected) assert.equal(quotaOf(type, capacityType)?.code, code, type);
  });

  it("refuses settings that contradict each other", () => {
    const paths = (settings: Parameters<typeof settingFailures>[0]) =>
      settingFailures(settings).map(({ property }) => property);
    assert.deepEqual(paths({ minSize: 1, maxSize: 3, initialSize: 2, instanceTypes: ["a"], subnetIds: ["s"] }), []);
    assert.deepEqual(paths({ minSize: 1.5, maxSize: -1 }), ["minSize", "maxSize", "minSize"]);
    assert.deepEqual(paths({ minSize: 1, maxSize: 3, initialSize: 4 }), ["initialSize"]);
    assert.deepEqual(paths({ instanceTypes: ["a", "b", "a"], subnetIds: [] }), ["instanceTypes[2]", "subnetIds"]);
    const many = {
      instanceTypes: Array.from({ length: 51 }, (_, index) => `t${index}`),
      subnetIds: ["a", "b", "c", "d", "e", "f"],
    };
    assert.match(settingFailures(many)[0]!.reason, /51 types in 6 subnets are 306 pools; a fleet takes 300/);
  });

  it("takes one kind of capacity, and at most minSize machines on-demand among a spot group's", () => {
    const words = (...given: Parameters<typeof capacityProblems>) =>
      capacityProblems(...given).map(({ path, reason }) => `${path}: ${reason}`);
    assert.deepEqual(words({ onDemand: {} }, 1), []);
    assert.deepEqual(words({ spot: { onDemandBase: 2 } }, undefined), []);
    assert.deepEqual(words({ spot: { onDemandBase: 2 } }, 2), []);
    assert.deepEqual(words({}, 1), [": must have exactly one of onDemand, spot, reservation, has none"]);
    assert.deepEqual(words({ onDemand: {}, spot: { onDemandBase: 2 } }, 1), [
      ": must have exactly one of onDemand, spot, reservation, has onDemand and spot",
      ".spot.onDemandBase: 2 must not be more than minSize, 1: a fleet's on-demand part does not shrink with it",
    ]);
    assert.deepEqual(words({ spot: { onDemandBase: 0.5 } }, 1), [
      ".spot.onDemandBase: must be a whole number of at least 0, is 0.5",
    ]);
    assert.equal(strategyFromApi("lowestPrice"), "lowest-price");
  });

  it("reads the inputs of a fleet that exists as they were", () => {
    for (const spot of [true, false]) {
      for (const allocationStrategy of allocationStrategies) {
        const capacity = spot
          ? { spot: { allocationStrategy, onDemandBase: 1 } }
          : { onDemand: { allocationStrategy } };
        const terms = termsOf({ capacity: capacity as FleetSpec["capacity"] });
        const again = termsOf({ capacity: capacityOf(terms) });
        if (spot || ["lowest-price", "prioritized"].includes(allocationStrategy)) assert.deepEqual(again, terms);
      }
    }
  });
});

describe("fleet request", () => {
  const shape = fc.record(
    {
      launchTemplateId: fc.constant("lt-1"),
      launchTemplateVersion: fc.nat(50).map(String),
      instanceTypes: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 }),
      subnetIds: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }),
      capacityType: fc.constant("spot" as const),
      allocationStrategy: fc.constantFrom(...allocationStrategies),
      onDemandBase: fc.nat(2),
    },
    { noNullPrototype: true },
  );

  it("reads back what it writes, and always keeps the fleet from terminating by itself", () => {
    fc.assert(
      fc.property(shape, fc.nat(9), (given, size) => {
        const request = createFleetRequest(given, size, { a: "b" }, "token");
        assert.equal(request.ExcessCapacityTerminationPolicy, "no-termination");
        assert.equal(request.TerminateInstancesWithExpiration, false);
        assert.deepEqual(readFleet(request as never), given);
        assert.equal(
          request.LaunchTemplateConfigs![0]!.Overrides!.length,
          given.instanceTypes.length * given.subnetIds.length,
        );
        assert.deepEqual(
          request.TagSpecifications!.map(({ ResourceType }) => ResourceType),
          ["fleet"],
        );
      }),
    );
  });
});

describe("fleet pairs", () => {
  const shape = fc.record({
    instanceTypes: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
    subnetIds: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1 }),
  });

  it("explain a fleet by the shape that made it, with all pairs or those that are offered, and by no other", () => {
    fc.assert(
      fc.property(shape, shape, fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), (mine, other, offered) => {
        const all = everyPair(mine);
        assert.ok(explains(mine, all));
        const some = all.filter((pair, index) => offered[index] || pair.subnetId === mine.subnetIds[0]);
        assert.ok(explains(mine, some));
        assert.equal(explains(other, all) && explains(mine, everyPair(other)), samePairs(all, everyPair(other)));
      }),
    );
    assert.equal(
      explains({ instanceTypes: ["a", "b"], subnetIds: ["x"] }, [{ instanceType: "a", subnetId: "x" }]),
      false,
    );
    const reversed = [...everyPair({ instanceTypes: ["a", "b"], subnetIds: ["x"] })].reverse();
    assert.equal(explains({ instanceTypes: ["a", "b"], subnetIds: ["x"] }, reversed), false);
  });
});

describe("fleet arithmetic", () => {
  it("never goes below zero, keeps what is still to come, and takes what is beyond the target first", () => {
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), fc.nat(12), (live, target, wanted) => {
        const all = Array.from({ length: live }, (_, index) => ({
          id: `i-${index}`,
          state: "running",
        })) as GroupInstance[];
        const leaving = all.slice(0, Math.min(wanted, live));
        const after = targetWithout(leaving, all, target);
        const toCome = Math.max(0, target - live);
        assert.equal(after, Math.min(target, live - leaving.length + toCome));
      }),
    );
  });
});

describe("AWS words", () => {
  it("maps fleet messages and error codes to kinds", () => {
    const messages: [string, string][] = [
      ["We currently do not have sufficient p2.xlarge capacity in the Availability Zone you requested", "capacity"],
      ["There is no Spot capacity available that matches your request.", "capacity"],
      ["m5.large, us-west-2c, requested instance type is not supported in the requested Availability Zone", "capacity"],
      ["Unsupported: The requested configuration is currently not supported.", "capacity"],
      ["allLaunchSpecsTemporarilyBlacklisted: Several attempts to launch instances have failed", "capacity"],
      ["spotInstanceCountLimitExceeded", "quota"],
      ["VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 0", "quota"],
      ["iamFleetRoleInvalid", "rejected"],
      ["AddressLimitExceeded: The maximum number of addresses has been reached", "quota"],
      ["NetworkInterfaceLimitExceeded", "quota"],
      ["RequestLimitExceeded: Request limit exceeded.", "capacity"],
      ["Rate exceeded", "capacity"],
      ["InternalError: An internal error has occurred", "capacity"],
      ["Server.InternalError: Internal error on launch", "capacity"],
      ["Client.InternalError: Client error on launch", "rejected"],
      ["InsufficientHostCapacity", "capacity"],
      ["PendingVerification: Your request for accessing resources in this region is being validated", "capacity"],
      ["Your account is currently being verified. Verification normally takes less than 2 hours.", "capacity"],
      ["Unavailable: The server is overloaded and can't handle the request.", "capacity"],
      ["Server.Unavailable", "capacity"],
      ["InvalidAMIID.Unavailable: The image ID 'ami-1' is no longer available", "rejected"],
      ["ServerInternal: The request processing has failed", "capacity"],
      ["Blocked: This account is currently blocked and not recognized as a valid account", "rejected"],
      ["Client.InvalidParameterValue: Invalid value for instance profile", "rejected"],
    ];
    for (const [message, kind] of messages) assert.equal(kindOfProblem(message), kind, message);
    assert.equal(
      problemOf({ EventType: "instance-change", EventInformation: { EventSubType: "launched" } } as never),
      undefined,
    );
    const codes: [string, number, string][] = [
      ["InsufficientInstanceCapacity", 500, "capacity"],
      ["PendingVerification", 400, "precondition"],
      ["RequestLimitExceeded", 503, "throttled"],
      ["InvalidFleetId.NotFound", 400, "notFound"],
      ["UnauthorizedOperation", 403, "permission"],
      ["AuthFailure", 401, "credentials"],
      ["InternalError", 500, "unavailable"],
      ["InvalidParameterValue", 400, "invalid"],
      // How often one may ask is no quota of things, whichever service says it.
      ["ThrottlingException", 400, "throttled"],
      ["Throttling", 400, "throttled"],
      ["EC2ThrottledException", 503, "throttled"],
      ["RequestThrottledException", 400, "throttled"],
      ["TooManyRequestsException", 429, "throttled"],
      ["TooManyUpdates", 400, "throttled"],
      ["SomethingNew", 429, "throttled"],
      ["VpcLimitExceeded", 400, "quota"],
      ["AddressLimitExceeded", 400, "quota"],
      ["RulesPerSecurityGroupLimitExceeded", 400, "quota"],
      ["LimitExceeded", 409, "quota"],
      ["LimitExceededException", 400, "quota"],
      ["SpotInstanceLimitExceeded.Region", 400, "quota"],
      ["MaxSpotInstanceCountExceeded", 400, "quota"],
      ["TooManyLoadBalancers", 400, "quota"],
      ["ServiceQuotaExceededException", 402, "quota"],
      ["InsufficientHostCapacity", 500, "capacity"],
      ["InsufficientReservedInstanceCapacity", 400, "capacity"],
      ["NoSuchEntity", 404, "notFound"],
      ["AccessDeniedException", 400, "permission"],
      ["ExpiredTokenException", 400, "credentials"],
      ["InvalidAccessKeyId", 403, "credentials"],
      ["MissingAuthenticationToken", 403, "credentials"],
    ];
    const EventDescription =
      "PendingVerification: Your request for accessing resources in this region is being validated.";
    const told = problemOf({ EventType: "error", EventInformation: { EventDescription } } as never)!;
    assert.match(told.message, /being validated\. This passes by waiting/);
    const asked = { action: "RunInstances", code: "PendingVerification", cloudMessage: "validated.", httpStatus: 400 };
    assert.match(new AwsApiError(asked).message, /This passes by waiting/);
    for (const [code, status, kind] of codes) assert.equal(kindOf(code, status), kind, code);
  });

  it("takes what AWS has no answer to, or answers too often, for what passes", () => {
    const refusal = (code: string, message: string, httpStatusCode?: number) =>
      kindOfRefusal(
        toAwsError(
          Object.assign(new Error(message), { Code: code, $metadata: { httpStatusCode } }),
          "RunInstances",
        ) as Error,
      );
    assert.equal(refusal("ECONNRESET", "socket hang up"), "capacity");
    assert.equal(refusal("RequestLimitExceeded", "Request limit exceeded.", 503), "capacity");
    assert.equal(refusal("VcpuLimitExceeded", "You have requested more", 400), "quota");
    assert.equal(refusal("InvalidParameterValue", "Invalid value for instance profile", 400), "rejected");
  });

  it("keeps AWS's own message, code, status and request id, and lets aborts pass", () => {
    const raw = Object.assign(new Error("You are not authorized."), {
      Code: "UnauthorizedOperation",
      $metadata: { httpStatusCode: 403, requestId: "r-1" },
    });
    const error = toAwsError(raw, "CreateFleet") as AwsApiError;
    assert.equal(
      error.message,
      "AWS: You are not authorized (CreateFleet: UnauthorizedOperation, HTTP 403, request id r-1)",
    );
    assert.equal(error.cause, raw);
    const abort = Object.assign(new Error("aborted"), { name: "AbortError" });
    assert.equal(toAwsError(abort, "CreateFleet"), abort);
  });

  it("says what to look at where AWS's words do not: the profile, the region, the policy", () => {
    const said = (code: string, message: string, more: object = {}, profile?: string) =>
      (toAwsError(Object.assign(new Error(message), more, { Code: code }), "X", profile) as AwsApiError).message;
    const none = "Could not load credentials from any providers";
    assert.match(said("CredentialsProviderError", none, {}, "corp"), /of the profile "corp": .*--profile corp` say\?$/);
    assert.match(said("CredentialsProviderError", none, {}, ""), /\(for example AWS_PROFILE, .* in the environment\)$/);
    const refused = { $metadata: { httpStatusCode: 403 } };
    assert.match(said("InvalidClientTokenId", "invalid", refused, "corp"), /not enabled answers the same$/);
    assert.doesNotMatch(said("ExpiredToken", "expired", refused, "corp"), /not enabled/);
    const denied = "not authorized with an explicit deny. Encoded authorization failure message: abc";
    assert.match(said("UnauthorizedOperation", denied, refused), /decode-authorization-message/);
    const lost = Object.assign(new Error("getaddrinfo ENOTFOUND sts.us-wset-2.amazonaws.com"), { code: "ENOTFOUND" });
    const { message, kind } = toAwsError(lost, "GetCallerIdentity") as AwsApiError;
    assert.match(
      message,
      /\(GetCallerIdentity: ENOTFOUND, no answer\)\. Is the region right \(did you mean "us-west-2"\?\)/,
    );
    assert.equal(kind, "unavailable");
  });

  it("asks for the clock where a signature's time is refused, and for the credentials elsewhere", () => {
    const said = (name: string, message: string) =>
      (toAwsError(Object.assign(new Error(message), { name }), "X") as Error).message;
    for (const [name, message] of [
      [
        "SignatureDoesNotMatch",
        "Signature expired: 20200531T052050Z is now earlier than 20200531T052308Z (20200531T053808Z - 15 min.)",
      ],
      ["InvalidSignatureException", "Signature not yet current: 20201002T065532Z is still later than 20201002T062118Z"],
      ["RequestExpired", "Request has expired."],
    ] as const)
      assert.match(said(name, message), /\. Is this computer's clock right\? /, message);
    const wrong = "The request signature we calculated does not match the signature you provided";
    assert.match(said("SignatureDoesNotMatch", wrong), /\. Check the AWS credentials/);
    const ended = "The security token included in the request is expired";
    assert.match(said("ExpiredToken", ended), /\. These temporary credentials have ended: get new ones/);
  });

  it("escapes wildcards in tag filters", () => {
    assert.deepEqual(tagFilters({ a: "x*?\\" }), [{ Name: "tag:a", Values: ["x\\*\\?\\\\"] }]);
  });

  it("takes the newest image", () => {
    assert.equal(
      newest([{ CreationDate: "2026-01-02" }, { CreationDate: "2026-10-01", ImageId: "b" }, {}])?.ImageId,
      "b",
    );
    assert.equal(newest([]), undefined);
  });

  it("checks the configuration and takes what is missing from the environment", () => {
    const environment = { AWS_DEFAULT_REGION: "eu-west-1" };
    assert.deepEqual(checkAwsConfig({}, environment), { config: { region: "eu-west-1" }, failures: [] });
    const wrong = { region: "us-west", endpoint: "localhost:1", assumeRole: { roleArn: "deployer", externalId: "e" } };
    assert.deepEqual(
      checkAwsConfig<unknown>(wrong, {}).failures.map(({ property }) => property),
      ["aws.region", "aws.endpoint", "aws.assumeRole.roleArn", "aws.assumeRole.externalId"],
    );
  });
});
