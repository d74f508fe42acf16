import { Listener } from "@pulumi/aws/lb/listener";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup";
import { TargetGroupAttachment } from "@pulumi/aws/lb/targetGroupAttachment";
import * as pulumi from "../../sdk/pulumi";
import { dnsName, longestNames } from "./names";
import { withTags, type Tags } from "./tags";

export interface ApiBalancerOptions {
  base: string;
  /** Behind the cluster's name: `api`. */
  suffix: string;
  /** Whether it has private addresses only. */
  internal: boolean;
  vpcId: pulumi.Input<string>;
  /** One for each zone. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  securityGroupIds: pulumi.Input<string>[];
  tags: Tags;
}

export interface ApiBalancer {
  /** Its DNS name, which stays as long as it lives. */
  host: pulumi.Output<string>;
  listener: pulumi.Resource;
  targetGroupArn: pulumi.Output<string>;
  /** Sends connections to a machine as long as its API server says that it is ready. */
  attach(name: string, instanceId: pulumi.Input<string>): pulumi.Resource;
}

export const apiPort = 6443;

/** A Network Load Balancer in front of API servers. Charged by the hour and by traffic. */
export function apiBalancer(
  name: string,
  options: ApiBalancerOptions,
  child: pulumi.CustomResourceOptions,
): ApiBalancer {
  const physical = dnsName(options.base, options.suffix, longestNames.loadBalancer);
  const tags = withTags(options.tags, { Name: physical });
  const balancer = new LoadBalancer(
    name,
    {
      name: physical,
      loadBalancerType: "network",
      internal: options.internal,
      subnets: options.subnetIds,
      securityGroups: options.securityGroupIds,
      // A zone whose own API server is down is served by the others.
      enableCrossZoneLoadBalancing: true,
      tags,
    },
    child,
  );
  const targets = new TargetGroup(
    `${name}-targets`,
    {
      name: physical,
      vpcId: options.vpcId,
      protocol: "TCP",
      port: apiPort,
      targetType: "instance",
      // API servers reach themselves through it: a target that sees its own address as the client's never gets an answer
      // (Network Load Balancers, "Connections time out for requests from a target to its load balancer").
      preserveClientIp: "false",
      // Clients reconnect at once, and a removed machine answers nobody.
      deregistrationDelay: 0,
      healthCheck: {
        protocol: "HTTPS",
        path: "/readyz",
        port: "traffic-port",
        interval: 10,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
      tags,
    },
    child,
  );
  const listener = new Listener(
    `${name}-listener`,
    {
      loadBalancerArn: balancer.arn,
      protocol: "TCP",
      port: apiPort,
      defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
      tags,
    },
    child,
  );
  return {
    host: balancer.dnsName,
    listener,
    targetGroupArn: targets.arn,
    attach: (attachment, targetId) =>
      new TargetGroupAttachment(attachment, { targetGroupArn: targets.arn, targetId, port: apiPort }, child),
  };
}
