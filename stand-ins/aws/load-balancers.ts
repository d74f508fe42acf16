/** `aws:lb/loadBalancer:LoadBalancer`, `targetGroup`, `listener`, `targetGroupAttachment`: network load balancers. Ids are ARNs. */
import type { ListenerArgs, ListenerState } from "@pulumi/aws/lb/listener";
import type { LoadBalancerArgs, LoadBalancerState } from "@pulumi/aws/lb/loadBalancer";
import type { TargetGroupArgs, TargetGroupState } from "@pulumi/aws/lb/targetGroup";
import type { TargetGroupAttachmentArgs, TargetGroupAttachmentState } from "@pulumi/aws/lb/targetGroupAttachment";
import { unlessGone } from "../../provider/aws/errors";
import type { CheckFailure } from "../../provider/server/resource";
import type { Properties } from "../../provider/server/wire";
import type { TableResource } from "../server/table";
import { removeWhenFree, until, type Cloud } from "./cloud";
import { ec2Object } from "./ec2-object";
import { withIamTags } from "./identity";

const balancer = tagged(
  ec2Object<LoadBalancerArgs, LoadBalancerState>({
    inputs: ["name", "loadBalancerType", "internal", "subnets", "securityGroups", "enableCrossZoneLoadBalancing"],
    required: ["loadBalancerType", "subnets"],
    autoname: { property: "name", maxLength: 32 },
    defaults: { internal: false, enableCrossZoneLoadBalancing: false },
    replaceOn: ["name", "loadBalancerType", "internal", "subnets"],
    problems: ({ loadBalancerType }) => only("loadBalancerType", loadBalancerType, "network"),
    make: async (cloud, { name, internal, subnets, securityGroups, tags }) => {
      const made = await cloud.elb.createLoadBalancer({
        Name: name!,
        Type: "network",
        Scheme: internal ? "internal" : "internet-facing",
        Subnets: subnets,
        SecurityGroups: securityGroups,
        Tags: listOf(cloud, tags),
      });
      return made.LoadBalancers![0]!.LoadBalancerArn!;
    },
    adjust: async ({ elb }, LoadBalancerArn, { securityGroups, enableCrossZoneLoadBalancing: crossing }, state) => {
      if (state.arn !== undefined && securityGroups !== undefined)
        await elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups: securityGroups });
      const Attributes = [{ Key: crossZone, Value: String(crossing ?? false) }];
      await elb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes });
    },
    settle: async ({ elb }, id, subject) => {
      const isActive = async () => {
        const found = await elb.describeLoadBalancers({ LoadBalancerArns: [id] });
        return found.LoadBalancers?.[0]?.State?.Code === "active" || undefined;
      };
      await until(`making load balancer ${id}`, isActive, subject);
    },
    describe: async ({ elb, region }, id) => {
      const found = (await unlessGone(elb.describeLoadBalancers({ LoadBalancerArns: [id] })))?.LoadBalancers?.[0];
      if (found === undefined) return undefined;
      const { Attributes = [] } = await elb.describeLoadBalancerAttributes({ LoadBalancerArn: id });
      const state = {
        arn: found.LoadBalancerArn,
        arnSuffix: id.split(":loadbalancer/")[1],
        dnsName: found.DNSName,
        zoneId: found.CanonicalHostedZoneId,
        name: found.LoadBalancerName,
        loadBalancerType: found.Type,
        internal: found.Scheme === "internal",
        subnets: found.AvailabilityZones?.map(({ SubnetId }) => SubnetId!),
        securityGroups: found.SecurityGroups,
        vpcId: found.VpcId,
        enableCrossZoneLoadBalancing: Attributes.find(({ Key }) => Key === crossZone)?.Value === "true",
        region,
      };
      return { state };
    },
    remove: async ({ elb }, id) => {
      await unlessGone(elb.deleteLoadBalancer({ LoadBalancerArn: id }));
    },
  }),
);

const crossZone = "load_balancing.cross_zone.enabled";
const clientIp = "preserve_client_ip.enabled";
const delay = "deregistration_delay.timeout_seconds";

const targetGroup = tagged(
  ec2Object<TargetGroupArgs, TargetGroupState>({
    inputs: [
      "name",
      "vpcId",
      "protocol",
      "port",
      "targetType",
      "preserveClientIp",
      "deregistrationDelay",
      "healthCheck",
    ],
    nested: {
      healthCheck: ["protocol", "path", "port", "interval", "timeout", "healthyThreshold", "unhealthyThreshold"],
    },
    required: ["vpcId", "protocol", "port"],
    autoname: { property: "name", maxLength: 32 },
    defaults: { targetType: "instance", deregistrationDelay: 300 },
    chosen: ["preserveClientIp", "healthCheck"],
    replaceOn: ["name", "vpcId", "protocol", "port", "targetType"],
    problems: ({ protocol }) => only("protocol", protocol, "TCP"),
    make: async (cloud, { name, vpcId, port, targetType, healthCheck, tags }) => {
      const made = await cloud.elb.createTargetGroup({
        Name: name!,
        VpcId: vpcId,
        Protocol: "TCP",
        Port: port,
        TargetType: targetType as "instance",
        ...checked(healthCheck),
        Tags: listOf(cloud, tags),
      });
      return made.TargetGroups![0]!.TargetGroupArn!;
    },
    adjust: async ({ elb }, TargetGroupArn, inputs, state) => {
      if (state.arn !== undefined) await elb.modifyTargetGroup({ TargetGroupArn, ...checked(inputs.healthCheck) });
      const Attributes = [{ Key: delay, Value: String(inputs.deregistrationDelay) }];
      if (inputs.preserveClientIp !== undefined) Attributes.push({ Key: clientIp, Value: inputs.preserveClientIp });
      await elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes });
    },
    describe: async ({ elb, region }, id) => {
      const found = (await unlessGone(elb.describeTargetGroups({ TargetGroupArns: [id] })))?.TargetGroups?.[0];
      if (found === undefined) return undefined;
      const { Attributes = [] } = await elb.describeTargetGroupAttributes({ TargetGroupArn: id });
      const attribute = (key: string) => Attributes.find(({ Key }) => Key === key)?.Value;
      const state = {
        arn: found.TargetGroupArn,
        arnSuffix: id.split(":").at(-1),
        name: found.TargetGroupName,
        vpcId: found.VpcId,
        protocol: found.Protocol,
        port: found.Port,
        targetType: found.TargetType,
        preserveClientIp: attribute(clientIp) ?? "true",
        deregistrationDelay: Number(attribute(delay)),
        healthCheck: {
          protocol: found.HealthCheckProtocol,
          path: found.HealthCheckPath,
          port: found.HealthCheckPort,
          interval: found.HealthCheckIntervalSeconds,
          timeout: found.HealthCheckTimeoutSeconds,
          healthyThreshold: found.HealthyThresholdCount,
          unhealthyThreshold: found.UnhealthyThresholdCount,
        },
        region,
      };
      return { state };
    },
    remove: ({ elb }, id, _state, subject) =>
      removeWhenFree(`target group ${id}`, () => elb.deleteTargetGroup({ TargetGroupArn: id }), subject),
  }),
);

function checked(check: TargetGroupState["healthCheck"]) {
  const { protocol, path, port, interval, timeout, healthyThreshold, unhealthyThreshold } = (check ?? {}) as Properties;
  return {
    HealthCheckProtocol: protocol as "HTTPS",
    HealthCheckPath: path as string,
    HealthCheckPort: port as string,
    HealthCheckIntervalSeconds: interval as number,
    HealthCheckTimeoutSeconds: timeout as number,
    HealthyThresholdCount: healthyThreshold as number,
    UnhealthyThresholdCount: unhealthyThreshold as number,
  };
}

const listener = tagged(
  ec2Object<ListenerArgs, ListenerState>({
    inputs: ["loadBalancerArn", "protocol", "port", "defaultActions"],
    nested: { "defaultActions[*]": ["type", "targetGroupArn"] },
    required: ["loadBalancerArn", "protocol", "port", "defaultActions"],
    replaceOn: ["loadBalancerArn"],
    problems: ({ protocol }) => only("protocol", protocol, "TCP"),
    make: async (cloud, { loadBalancerArn, port, defaultActions, tags }) => {
      const made = await cloud.elb.createListener({
        LoadBalancerArn: loadBalancerArn,
        Protocol: "TCP",
        Port: port,
        DefaultActions: forwards(defaultActions as Properties[]),
        Tags: listOf(cloud, tags),
      });
      return made.Listeners![0]!.ListenerArn!;
    },
    adjust: async ({ elb }, ListenerArn, { port, defaultActions }, state) => {
      if (state.arn === undefined) return;
      await elb.modifyListener({ ListenerArn, Port: port, DefaultActions: forwards(defaultActions as Properties[]) });
    },
    describe: async ({ elb, region }, id) => {
      const found = (await unlessGone(elb.describeListeners({ ListenerArns: [id] })))?.Listeners?.[0];
      if (found === undefined) return undefined;
      const state = {
        arn: found.ListenerArn,
        loadBalancerArn: found.LoadBalancerArn,
        protocol: found.Protocol,
        port: found.Port,
        defaultActions: found.DefaultActions?.map(({ Type, TargetGroupArn }) => ({
          type: Type!,
          targetGroupArn: TargetGroupArn,
        })),
        region,
      };
      return { state };
    },
    remove: async ({ elb }, id) => {
      await unlessGone(elb.deleteListener({ ListenerArn: id }));
    },
  }),
);

function forwards(actions: Properties[]) {
  return actions.map(({ type, targetGroupArn }) => ({
    Type: type as "forward",
    TargetGroupArn: targetGroupArn as string,
  }));
}

/** `target group ARN|machine|port`. */
const attachment = ec2Object<TargetGroupAttachmentArgs, TargetGroupAttachmentState>({
  inputs: ["targetGroupArn", "targetId", "port"],
  required: ["targetGroupArn", "targetId"],
  replaceOn: ["targetGroupArn", "targetId", "port"],
  make: async ({ elb, ec2 }, { targetGroupArn, targetId, port }, subject) => {
    const isRunning = async () => {
      const answer = await ec2.describeInstances({ InstanceIds: [targetId!] });
      return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name !== "pending" || undefined;
    };
    await until(`start of ${targetId}`, isRunning, subject);
    await elb.registerTargets({ TargetGroupArn: targetGroupArn, Targets: [{ Id: targetId, Port: port }] });
    return `${targetGroupArn}|${targetId}|${port ?? ""}`;
  },
  describe: async ({ elb, region }, id) => {
    const { targetGroupArn, targetId, port } = partsOf(id);
    const found = await unlessGone(elb.describeTargetHealth({ TargetGroupArn: targetGroupArn }));
    const isThere = found?.TargetHealthDescriptions?.some(({ Target }) => Target?.Id === targetId);
    return isThere ? { state: { targetGroupArn, targetId, port, region } } : undefined;
  },
  remove: async ({ elb }, id) => {
    const { targetGroupArn, targetId, port } = partsOf(id);
    await unlessGone(
      elb.deregisterTargets({ TargetGroupArn: targetGroupArn, Targets: [{ Id: targetId, Port: port }] }),
    );
  },
});

function partsOf(id: string): { targetGroupArn: string; targetId: string; port: number | undefined } {
  const [targetGroupArn = "", targetId = "", port = ""] = id.split("|");
  return { targetGroupArn, targetId, port: port === "" ? undefined : Number(port) };
}

/** AWS refuses an empty list. */
function listOf(cloud: Cloud, tags: Record<string, string> | undefined) {
  const list = cloud.tagList(tags);
  return list.length > 0 ? list : undefined;
}

function tagged(resource: TableResource<Cloud>): TableResource<Cloud> {
  return withIamTags(resource, {
    list: async ({ elb }, id) =>
      (await elb.describeTags({ ResourceArns: [id] })).TagDescriptions?.[0]?.Tags?.map(({ Key, Value }) => ({
        Key,
        Value: Value ?? "",
      })),
    set: ({ elb }, id, Tags) => elb.addTags({ ResourceArns: [id], Tags }),
    unset: ({ elb }, id, TagKeys) => elb.removeTags({ ResourceArns: [id], TagKeys }),
  });
}

function only(property: string, value: unknown, served: string): CheckFailure[] {
  if (typeof value !== "string" || value === served) return [];
  return [{ property, reason: `the simulator's stand-in for the aws provider does "${served}" only` }];
}

export const loadBalancerResources = {
  "aws:lb/listener:Listener": listener,
  "aws:lb/loadBalancer:LoadBalancer": balancer,
  "aws:lb/targetGroup:TargetGroup": targetGroup,
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": attachment,
};
