import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ServiceLoadBalancersArgs {
  /**
   * Name that the controllers know the cluster by: that in the tag `kubernetes.io/cluster/<name>` of its machines.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * The VPC that the cluster is in. In another one nothing is touched.
   * @replaceOnChanges
   */
  vpcId: pulumi.Input<string>;
}

/**
 * The load balancers that controllers in a Kubernetes cluster make for its Services and Ingresses: AWS's cloud controller manager, and the AWS
 * Load Balancer Controller. Creating it makes nothing. Deleting it deletes them, with their target groups and security groups and the rules of
 * other groups that name these, and waits until their network interfaces are gone: they would keep subnets and the VPC from being deleted.
 *
 * What goes is in the VPC, has a tag of these controllers with the cluster's name (`kubernetes.io/cluster/<name>` with the value `owned`, or
 * `elbv2.k8s.aws/cluster`), and no tag that begins with `gpu-clusters/`; of security groups only those that are named `k8s-…`, as both name
 * theirs. Let the control plane depend on this resource, so that no controller is left that would make them again, and let it depend on the
 * network. A load balancer that is protected against deletion is an error.
 *
 * Free of charge. Deleting needs `elasticloadbalancing:DescribeLoadBalancers`, `DescribeTargetGroups`, `DescribeTags`, `DeleteLoadBalancer` and
 * `DeleteTargetGroup`, and `ec2:DescribeSecurityGroups`, `DescribeNetworkInterfaces`, `RevokeSecurityGroupIngress`,
 * `RevokeSecurityGroupEgress` and `DeleteSecurityGroup`. It waits at most 20 minutes (`customTimeouts`).
 * It cannot be imported: make it in the program.
 *
 * Reference: kubernetes/cloud-provider-aws, docs/service_controller.md; AWS Load Balancer Controller, "How it works".
 */
export class ServiceLoadBalancers extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ServiceLoadBalancers";

  public readonly clusterName!: pulumi.Output<string>;
  public readonly vpcId!: pulumi.Output<string>;
  /** Region that the VPC is in. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: ServiceLoadBalancersArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterName", "vpcId", "region"];
    super(ServiceLoadBalancers.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
