import type * as pulumi from "../../../sdk/pulumi";
import type { ControlPlaneTurnArgs } from "../../../sdk/aws/control-plane-turn";
import { messageOf } from "../../../sdk/message";
import type { Fields } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { waitFor, withReason, type Pace } from "../../cloud/wait";
import { looking } from "../../server/looking";
import type { ResourceContext, ResourceHandler } from "../../server/resource";
import { connect } from "../connection";
import { awsPace } from "../pace";

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

    async create(_inputs, { name }) {
      return { id: name, outputs: {} };
    },

    async update(_id, inputs, { inputs: before }, context) {
      if (before.instanceType !== inputs.instanceType) await allServe(inputs, context, pace);
      return {};
    },
  });
}

async function allServe(
  { targetGroupArn, machines }: ControlPlaneTurnInputs,
  { config, signal, timeoutMs, log }: ResourceContext,
  pace: Pace,
): Promise<void> {
  // The clients of Elastic Load Balancing are for this moment only.
  const { LoadBalancing } = await import("../balancers/load-balancing.js");
  const balancing = new LoadBalancing(connect(config));
  let seen = "";
  const look = async (limit: AbortSignal) => {
    const targets = await balancing.targets(targetGroupArn, limit);
    const troubles = targets.flatMap(({ id, trouble }) => (trouble === undefined ? [] : [`${id} is ${trouble}`]));
    const serving = targets.length - troubles.length;
    if (serving >= machines) return true;
    seen = [`${serving} of ${machines} serve`, ...troubles].join(", ");
    log.status(`control planes: ${seen}`);
    return undefined;
  };
  const what = "waiting for all control planes, before the next one stops for another type,";
  await limited({ signal, timeoutMs }, { what, ms: limitMs }, async (limit) => {
    try {
      await withReason(limit, () => waitFor(() => look(limit), limit, pace));
    } catch (error) {
      if (!limit.aborted || seen === "") throw error;
      const still = `${seen}. ${advice}`;
      // Whoever ended it from outside says so himself.
      throw new Error(signal.aborted ? still : `${messageOf(error)}: ${still}`, { cause: error });
    }
  });
}

const advice =
  "Set controlPlane.instanceType back and run `pulumi up --refresh`, which makes one that is lost anew; change the type when all serve";

export const controlPlaneTurnHandler = createControlPlaneTurnHandler();
