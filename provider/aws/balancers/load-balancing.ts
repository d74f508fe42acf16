/**
 * Load balancers of both generations, and target groups. Its SDK clients are loaded with this module: import it where a balancer is about to
 * be looked for, and not before.
 */
import {
  DeleteLoadBalancerCommand as DeleteClassicCommand,
  DescribeTagsCommand as DescribeClassicTagsCommand,
  ElasticLoadBalancingClient,
  paginateDescribeLoadBalancers as paginateClassic,
} from "@aws-sdk/client-elastic-load-balancing";
import {
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DescribeTagsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  paginateDescribeLoadBalancers,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsClients } from "../clients";
import { describing } from "../describing";
import { unlessGone } from "../errors";
import { fromTagList } from "../ownership";
import { everyItem } from "../pages";
import type { TaggedThing } from "./service-leftovers";

export interface LoadBalancer extends TaggedThing {
  /** Its name for the classic generation, else its ARN. */
  readonly id: string;
  readonly isClassic: boolean;
  /** What the descriptions of its network interfaces say. */
  readonly interfaceDescription: string;
}

export interface TargetGroup extends TaggedThing {
  readonly arn: string;
}

export interface Target {
  /** Of an instance, for our groups. */
  readonly id: string;
  /** Why it gets no connections, in AWS's words; undefined: it is healthy. */
  readonly trouble: string | undefined;
}

type Tags = Record<string, string>;

const pageSize = 400;
/** Reference: Elastic Load Balancing API, DescribeTags of both generations. */
const tagsAtOnce = 20;

export class LoadBalancing {
  private readonly classic: ElasticLoadBalancingClient;
  private readonly current: ElasticLoadBalancingV2Client;

  constructor({ settings }: AwsClients) {
    this.classic = describing(new ElasticLoadBalancingClient(settings));
    this.current = describing(new ElasticLoadBalancingV2Client(settings));
  }

  /** All of the VPC. */
  async list(vpcId: string, signal: AbortSignal): Promise<LoadBalancer[]> {
    const [names, arns] = await Promise.all([this.classicNames(vpcId, signal), this.arns(vpcId, signal)]);
    const [ofNames, ofArns] = await Promise.all([this.classicTags(names, signal), this.tags(arns, signal)]);
    return [
      ...[...ofNames].map(([id, tags]) => ({
        id,
        isClassic: true,
        interfaceDescription: `ELB ${id}`,
        vpcId,
        tags,
      })),
      ...[...ofArns].map(([id, tags]) => ({
        id,
        isClassic: false,
        interfaceDescription: `ELB ${id.split(":loadbalancer/")[1]}`,
        vpcId,
        tags,
      })),
    ];
  }

  /** All of the VPC. */
  async listTargetGroups(vpcId: string, signal: AbortSignal): Promise<TargetGroup[]> {
    const pages = paginateDescribeTargetGroups({ client: this.current, pageSize }, {}, { abortSignal: signal });
    const groups = await everyItem(pages, ({ TargetGroups }) => TargetGroups);
    const arns = groups.filter(({ VpcId }) => VpcId === vpcId).map(({ TargetGroupArn }) => TargetGroupArn!);
    return [...(await this.tags(arns, signal))].map(([arn, tags]) => ({ arn, vpcId, tags }));
  }

  /** All that are registered with the group. */
  async targets(arn: string, signal: AbortSignal): Promise<Target[]> {
    const request = new DescribeTargetHealthCommand({ TargetGroupArn: arn });
    const { TargetHealthDescriptions = [] } = await this.current.send(request, { abortSignal: signal });
    return TargetHealthDescriptions.map(({ Target, TargetHealth: { State, Description, Reason } = {} }) => {
      const why = Description ?? Reason;
      const trouble = `${State ?? "of unknown health"}${why === undefined ? "" : ` (${why})`}`;
      return { id: Target?.Id ?? "a target", trouble: State === "healthy" ? undefined : trouble };
    });
  }

  /** Begins it: network interfaces go later. Gone already is success. */
  async delete({ id, isClassic }: LoadBalancer, signal: AbortSignal): Promise<void> {
    const options = { abortSignal: signal };
    await unlessGone(
      isClassic
        ? this.classic.send(new DeleteClassicCommand({ LoadBalancerName: id }), options)
        : this.current.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: id }), options),
    );
  }

  /** Gone already is success. */
  async deleteTargetGroup({ arn }: TargetGroup, signal: AbortSignal): Promise<void> {
    const request = new DeleteTargetGroupCommand({ TargetGroupArn: arn });
    await unlessGone(this.current.send(request, { abortSignal: signal }));
  }

  private async classicNames(vpcId: string, signal: AbortSignal): Promise<string[]> {
    const pages = paginateClassic({ client: this.classic, pageSize }, {}, { abortSignal: signal });
    const balancers = await everyItem(pages, ({ LoadBalancerDescriptions }) => LoadBalancerDescriptions);
    return balancers.filter(({ VPCId }) => VPCId === vpcId).map(({ LoadBalancerName }) => LoadBalancerName!);
  }

  private async arns(vpcId: string, signal: AbortSignal): Promise<string[]> {
    const pages = paginateDescribeLoadBalancers({ client: this.current, pageSize }, {}, { abortSignal: signal });
    const balancers = await everyItem(pages, ({ LoadBalancers }) => LoadBalancers);
    return balancers.filter(({ VpcId }) => VpcId === vpcId).map(({ LoadBalancerArn }) => LoadBalancerArn!);
  }

  private classicTags(names: readonly string[], signal: AbortSignal): Promise<Map<string, Tags>> {
    return tagsOf(names, async (LoadBalancerNames) => {
      const request = new DescribeClassicTagsCommand({ LoadBalancerNames });
      const answer = await unlessGone(this.classic.send(request, { abortSignal: signal }));
      return answer?.TagDescriptions?.map(({ LoadBalancerName, Tags }) => [LoadBalancerName!, fromTagList(Tags)]);
    });
  }

  private tags(arns: readonly string[], signal: AbortSignal): Promise<Map<string, Tags>> {
    return tagsOf(arns, async (ResourceArns) => {
      const answer = await unlessGone(
        this.current.send(new DescribeTagsCommand({ ResourceArns }), { abortSignal: signal }),
      );
      return answer?.TagDescriptions?.map(({ ResourceArn, Tags }) => [ResourceArn!, fromTagList(Tags)]);
    });
  }
}

/** By id, without those that have gone meanwhile: one of them refuses a whole question, and then each is asked for alone. */
async function tagsOf(
  ids: readonly string[],
  read: (part: string[]) => Promise<[id: string, tags: Tags][] | undefined>,
): Promise<Map<string, Tags>> {
  const found: [string, Tags][] = [];
  for (let start = 0; start < ids.length; start += tagsAtOnce) {
    const part = ids.slice(start, start + tagsAtOnce);
    const answer = await read(part);
    if (answer) found.push(...answer);
    else if (part.length > 1) for (const id of part) found.push(...((await read([id])) ?? []));
  }
  return new Map(found);
}
