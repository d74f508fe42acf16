import { paginateDescribeInstances } from "@aws-sdk/client-ec2";
import type * as pulumi from "../../../sdk/pulumi";
import type { ControlPlaneTurnArgs } from "../../../sdk/aws/control-plane-turn";
import { messageOf } from "../../../sdk/message";
import type { Fields } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { waitFor, withReason, type Pace } from "../../cloud/wait";
import { looking } from "../../server/looking";
import type { ResourceContext, ResourceHandler } from "../../server/resource";
import type { Target } from "../balancers/load-balancing";
import type { AwsClients } from "../clients";
import { connect } from "../connection";
import { fromTagList } from "../ownership";
import { awsPace } from "../pace";
import { everyItem } from "../pages";

export type ControlPlaneTurnInputs = pulumi.Unwrap<ControlPlaneTurnArgs>;

const limitMs = 15 * 60_000;

export function createControlPlaneTurnHandler({ pace = awsPace }: { pace?: Pace } = {}): ResourceHandler<
  ControlPlaneTurnInputs,
  object
> {
  return looking<ControlPlaneTurnInputs, object>({
    check(given) {
      const { machines } = given as Fields<ControlPlaneTurnInputs>;
      if (typeof machines !== "number" || machines >= 1) return [];
      return [{ property: "machines", reason: "must be at least 1" }];
    },

    async create(inputs, context) {
      await othersServe(inputs, context, pace);
      return { id: context.name, outputs: {} };
    },

    async update(_id, inputs, { inputs: before }, context) {
      if (before.instanceType !== inputs.instanceType) await othersServe(inputs, context, pace);
      return {};
    },
  });
}

/** Returns when the machine may be stopped, and at once where it is not to be. */
async function othersServe(inputs: ControlPlaneTurnInputs, context: ResourceContext, pace: Pace): Promise<void> {
  const { config, signal, timeoutMs, log } = context;
  const clients = connect(config);
  // The clients of Elastic Load Balancing are for this moment only.
  const { LoadBalancing } = await import("../balancers/load-balancing.js");
  const balancing = new LoadBalancing(clients);
  let missing = "";
  const look = async (limit: AbortSignal) => {
    const targets = await balancing.targets(inputs.targetGroupArn, limit);
    const own = await stoppedFor(clients, inputs, targets, limit);
    const others = targets.filter((target) => target !== own);
    const troubled = others.filter(({ trouble }) => trouble !== undefined);
    const serving = others.length - troubled.length;
    if (own === undefined || own.trouble !== undefined || serving >= inputs.machines - 1) return true;
    missing = [
      `${serving} of the other ${inputs.machines - 1} control planes serve`,
      ...troubled.map(({ id, trouble }) => `${id} is ${trouble}`),
    ].join(", ");
    log.status(`${inputs.machineName} keeps its type until then: ${missing}`);
    return undefined;
  };
  const what = `waiting to stop ${inputs.machineName} for its type ${inputs.instanceType}`;
  await limited({ signal, timeoutMs }, { what, ms: limitMs }, async (limit) => {
    try {
      await withReason(limit, () => waitFor(() => look(limit), limit, pace));
    } catch (error) {
      if (!limit.aborted || missing === "") throw error;
      // Whoever ended it from outside says so himself.
      throw new Error(signal.aborted ? `${missing}. ${advice}` : `${messageOf(error)}: ${missing}. ${advice}`, {
        cause: error,
      });
    }
  });
}

/** The target that is this machine, where it is there with another type. */
async function stoppedFor(
  { ec2 }: AwsClients,
  { machineName, instanceType }: ControlPlaneTurnInputs,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Target | undefined> {
  const ids = targets.map(({ id }) => id);
  if (ids.length === 0) return undefined;
  // By a filter, which takes ids of what is gone.
  const Filters = [{ Name: "instance-id", Values: ids }];
  const pages = paginateDescribeInstances({ client: ec2 }, { Filters }, { abortSignal: signal });
  const reservations = await everyItem(pages, ({ Reservations }) => Reservations);
  const own = reservations
    .flatMap(({ Instances = [] }) => Instances)
    .find(({ Tags, InstanceType }) => fromTagList(Tags)["Name"] === machineName && InstanceType !== instanceType);
  return targets.find(({ id }) => id === own?.InstanceId);
}

/** The number is in the machine's name in AWS and in the program. */
const advice =
  "Start one that is stopped (`aws ec2 start-instances`). One that is lost, or did not start with its new type, comes first: " +
  "`pulumi up --refresh --target '**-control-plane-2*'` with its number, with a type that its zone has; then `pulumi up`";

export const controlPlaneTurnHandler = createControlPlaneTurnHandler();
