/** What a fleet's history says went wrong, as kinds of problems. */
import type { HistoryRecordEntry } from "@aws-sdk/client-ec2";
import { isAwsError, verificationHint } from "../errors";
import type { NodeGroupProblem } from "../../node-groups/driver";

const verification = /PendingVerification|currently being verified|request for accessing resources .*being validated/i;

/**
 * A fleet's errors come as free text; the sub-type says little (a missing capacity comes as `spotFleetRequestConfigurationInvalid`).
 * Codes are EC2's; sentences were reported by users of Spot Fleet and EC2 Fleet. The first that matches counts.
 */
const kinds: readonly (readonly [RegExp, NodeGroupProblem["kind"]])[] = [
  // Not AWS's trouble, whatever it is called: mostly the key of the disks, which may not be used, is disabled or about to be deleted.
  [/Client\.InternalError|Client error on launch/i, "rejected"],
  // Whoever it belongs to took it back: it does not come again.
  [/InvalidAMIID\.Unavailable/i, "rejected"],
  // AWS's own trouble passes, as a shortage does.
  [
    /RequestLimitExceeded|Request limit exceeded|Throttl|Rate exceeded|Internal(Error|Failure)|internal error|(^|\W)(Service)?Unavailable\b|ServerInternal/i,
    "capacity",
  ],
  // AWS looks at a new account, or at one that is new in the region, before it starts machines for it.
  [verification, "capacity"],
  [
    /vCPU capacity than your current vCPU limit|LimitExceeded|MaxSpotInstanceCount|MaxFleetCountExceeded|quota/i,
    "quota",
  ],
  // A place that never has the type is in no fleet: it may come there, or in another zone.
  [
    /not supported in (the|your) requested Availability Zone|requested configuration is currently not supported/i,
    "capacity",
  ],
  [/Insufficient\w*Capacity|do not have (sufficient|enough) .*capacity|no Spot capacity/i, "capacity"],
  [
    /UnfulfillableCapacity|capacity-not-available|ReservationCapacityExceeded|InsufficientFreeAddressesInSubnet/i,
    "capacity",
  ],
  [/allLaunchSpecsTemporarilyBlacklisted|launchSpecTemporarilyBlacklisted|SpotMaxPriceTooLow/i, "capacity"],
];

const errorTypes = ["error", "service-error"];

/** Information that means a launch did not happen. Reference: EC2 API, EventInformation. */
const troublesome = /^(launchSpecTemporarilyBlacklisted|launchSpecUnusable|fleetProgressHalted)$/;

/** Undefined for a record that reports no problem. */
export function problemOf(record: HistoryRecordEntry): NodeGroupProblem | undefined {
  const { EventSubType = "", EventDescription = "", InstanceId } = record.EventInformation ?? {};
  const type = record.EventType as string | undefined;
  const at = record.Timestamp ?? new Date(0);
  if (type === "instance-change" && EventSubType === "termination_notified") {
    const message = `AWS takes the spot instance ${InstanceId ?? ""} back`.trim();
    return { kind: "lost", ...(InstanceId !== undefined && { machineId: InstanceId }), message, at };
  }
  if (!errorTypes.includes(type ?? "") && !troublesome.test(EventSubType)) return undefined;
  const said = [EventSubType, EventDescription].filter(Boolean).join(": ");
  const message = verification.test(said) ? `${said.replace(/\.$/, "")}. ${verificationHint}` : said;
  return { kind: kindOfProblem(message), message, at };
}

/** Of a launch that we ask for ourselves: what AWS had no answer to, or answers too often, passes. */
export function kindOfRefusal(error: Error): NodeGroupProblem["kind"] {
  return isAwsError(error, "unavailable", "throttled") ? "capacity" : kindOfProblem(error.message);
}

export function kindOfProblem(message: string): NodeGroupProblem["kind"] {
  return kinds.find(([pattern]) => pattern.test(message))?.[1] ?? "rejected";
}
