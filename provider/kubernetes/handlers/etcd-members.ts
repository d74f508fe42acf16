import type { Unwrap } from "../../../sdk/pulumi";
import type { EtcdMembersArgs } from "../../../sdk/kubernetes/etcd-members";
import type { Fields } from "../../cloud/inputs";
import { isUnknown } from "../../server/values";
import { remembered } from "./remembered";

export type EtcdMembersInputs = Unwrap<EtcdMembersArgs>;

export const etcdMembers = remembered<EtcdMembersInputs>((given, _context, before) => {
  const { clusterName, machines } = given as Fields<EtcdMembersInputs>;
  if (before === undefined || clusterName !== before.clusterName || isUnknown(machines)) return [];
  // Of a machine that is still to be made nothing is known: it is none of those before.
  const left = before.machines.filter((machine) => (machines as unknown[]).includes(machine));
  const all = before.machines.length;
  if (left.length === all || left.length > all / 2) return [];
  const reason =
    `${all - left.length} of the ${all} machines that keep etcd of the cluster "${before.clusterName}" are gone (${gone(before, left)}), and with ` +
    `them ${left.length === 0 ? "all that was in the cluster" : `the majority without which ${left.join(", ")} takes no others in`}: new ones would ` +
    "wait for a cluster that there is no more. If they are there all the same, put them back into the state (`pulumi import`). Else give up " +
    "what was in the cluster: `pulumi destroy`, then `pulumi up`";
  return [{ property: "machines", reason }];
});

function gone({ machines }: EtcdMembersInputs, left: readonly string[]): string {
  return machines.filter((machine) => !left.includes(machine)).join(", ");
}
