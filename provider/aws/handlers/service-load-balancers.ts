import type * as pulumi from "../../../sdk/pulumi";
import type { CheckFailure, ResourceHandler } from "../../server/resource";
import type { Fields } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { withReason, type Pace } from "../../cloud/wait";
import { awsPace } from "../pace";
import type { ServiceLoadBalancersArgs } from "../../../sdk/aws/service-load-balancers";
import { connect } from "../connection";
import { messageOf } from "../../../sdk/message";

export type ServiceLoadBalancersInputs = pulumi.Unwrap<ServiceLoadBalancersArgs>;

const deleteLimitMs = 20 * 60_000;
/** A status line has no room for more. */
const namedAtOnce = 3;

export function createServiceLoadBalancersHandler({ pace = awsPace }: { pace?: Pace } = {}): ResourceHandler<
  ServiceLoadBalancersInputs,
  object
> {
  return {
    check(given) {
      const inputs = given as Fields<ServiceLoadBalancersInputs>;
      const failures: CheckFailure[] = [];
      for (const property of ["clusterName", "vpcId"] as const)
        if (inputs[property] === "") failures.push({ property, reason: "must not be empty" });
      return failures;
    },

    preview: () => ({}),

    async create({ clusterName, vpcId }) {
      return { id: `${vpcId}/${clusterName}`, outputs: {} };
    },

    async read(id, state) {
      if (state === undefined) throw new Error(`${id}: there is nothing to import, make it in the program`);
      return state;
    },

    async update() {
      return {};
    },

    async delete(_id, { inputs: { clusterName, vpcId } }, { config, signal, timeoutMs, log }) {
      // The clients of Elastic Load Balancing are for this moment only.
      const { ServiceSweep } = await import("../balancers/service-sweep.js");
      let left: string[] = [];
      const listener = {
        deleting: (what: string) => log.info(`deleting ${what}, which a controller of the cluster made`),
        left(what: string[]) {
          left = what;
          log.status(`waiting until AWS has deleted ${shortened(what)}`);
        },
      };
      const sweep = new ServiceSweep(connect(config), { clusterName, vpcId }, listener, pace);
      const what = `deleting the load balancers of cluster "${clusterName}"`;
      await limited({ signal, timeoutMs }, { what, ms: deleteLimitMs }, async (limit) => {
        try {
          await withReason(limit, () => sweep.run(limit));
        } catch (error) {
          if (!limit.aborted || left.length === 0) throw error;
          const still = `left in ${vpcId}: ${left.join(", ")}`;
          // Whoever ended it from outside says so himself.
          const deadline = messageOf(error);
          throw new Error(signal.aborted ? still : `${deadline}; ${still}`, { cause: error });
        }
      });
    },
  };
}

export const serviceLoadBalancersHandler = createServiceLoadBalancersHandler();

function shortened(things: readonly string[]): string {
  const more = things.length - namedAtOnce;
  return things.slice(0, namedAtOnce).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
