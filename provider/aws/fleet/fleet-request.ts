/** A node group's shape as EC2 Fleet takes it. */
import type { CreateFleetCommandInput, FleetData, FleetLaunchTemplateConfigRequest } from "@aws-sdk/client-ec2";
import { onDemandStrategy, spotStrategy, strategyFromApi, type AllocationStrategy } from "../../../sdk/aws/allocation";
import type { Purchase } from "../../../sdk/aws/capacity";
import { fromTagList, toTagList } from "../ownership";
import { everyPair, pairsOf, type FleetPair } from "./fleet-pairs";
import { reservedFromTags } from "./reserved-mark";

/** What can change while a fleet lives. It concerns machines made from then on. */
export interface FleetShape {
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  /** In the order of preference. */
  readonly instanceTypes: readonly string[];
  /** One for each zone. */
  readonly subnetIds: readonly string[];
}

/** What a fleet keeps for its whole life. */
export interface FleetTerms extends Purchase {
  readonly allocationStrategy: AllocationStrategy;
  /** On-demand instances among a spot group's. */
  readonly onDemandBase: number;
}

/** Reference: EC2 user guide, "EC2 Fleet quotas" and CreateFleet: over all launch templates of one fleet. */
export const mostOverrides = 300;

export function launchTemplateConfigs(
  shape: FleetShape,
  strategy: AllocationStrategy,
  pairs: readonly FleetPair[],
): FleetLaunchTemplateConfigRequest[] {
  const prioritized = strategy === "prioritized";
  return [
    {
      LaunchTemplateSpecification: { LaunchTemplateId: shape.launchTemplateId, Version: shape.launchTemplateVersion },
      Overrides: pairs.map(({ instanceType, subnetId }) => ({
        InstanceType: instanceType as never,
        SubnetId: subnetId,
        ...(prioritized && { Priority: shape.instanceTypes.indexOf(instanceType) }),
      })),
    },
  ];
}

export function createFleetRequest(
  shape: FleetShape & FleetTerms,
  size: number,
  tags: Readonly<Record<string, string>>,
  clientToken: string,
  pairs: readonly FleetPair[] = everyPair(shape),
): CreateFleetCommandInput {
  const { capacityType, allocationStrategy, onDemandBase } = shape;
  const spot = capacityType === "spot";
  return {
    Type: "maintain",
    ClientToken: clientToken,
    // Which machine goes is the group's decision: a fleet that may terminate by itself takes any.
    ExcessCapacityTerminationPolicy: "no-termination",
    TerminateInstancesWithExpiration: false,
    LaunchTemplateConfigs: launchTemplateConfigs(shape, allocationStrategy, pairs),
    TargetCapacitySpecification: {
      TotalTargetCapacity: size,
      DefaultTargetCapacityType: capacityType,
      ...(spot && onDemandBase > 0 && { OnDemandTargetCapacity: onDemandBase }),
    },
    ...(spot && {
      SpotOptions: { AllocationStrategy: spotStrategy(allocationStrategy), InstanceInterruptionBehavior: "terminate" },
    }),
    ...((!spot || onDemandBase > 0) && {
      OnDemandOptions: { AllocationStrategy: onDemandStrategy(allocationStrategy) },
    }),
    // A fleet of type maintain takes tags for itself only; its instances get theirs from the launch template.
    TagSpecifications: [{ ResourceType: "fleet", Tags: toTagList(tags) }],
  };
}

/** The shape and terms of a fleet that exists. */
export function readFleet(fleet: FleetData): FleetShape & FleetTerms {
  const reserved = reservedFromTags(fromTagList(fleet.Tags));
  const config = fleet.LaunchTemplateConfigs?.[0];
  const specification = config?.LaunchTemplateSpecification;
  const pairs = pairsOf(fleet);
  const capacityType = fleet.TargetCapacitySpecification?.DefaultTargetCapacityType === "spot" ? "spot" : "on-demand";
  const options = capacityType === "spot" ? fleet.SpotOptions : fleet.OnDemandOptions;
  return {
    launchTemplateId: specification?.LaunchTemplateId ?? "",
    launchTemplateVersion: specification?.Version ?? "",
    instanceTypes: unique(pairs.map(({ instanceType }) => instanceType)),
    subnetIds: unique(pairs.map(({ subnetId }) => subnetId)),
    capacityType,
    allocationStrategy: strategyFromApi(options?.AllocationStrategy),
    onDemandBase: capacityType === "spot" ? (fleet.TargetCapacitySpecification?.OnDemandTargetCapacity ?? 0) : 0,
    ...(reserved && { reserved }),
  };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
