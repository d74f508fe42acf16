/** Rules of the nodes' security group (reference: Cudo, "Networks and security groups"). */
import * as pulumi from "../../sdk/pulumi";

export interface AccessOptions {
  /** Range of the nodes' own network. */
  network: string;
  /** Ranges that may reach the API. */
  api: pulumi.Input<pulumi.Input<string>[]>;
  /** Ranges that may reach port 22. */
  ssh: pulumi.Input<pulumi.Input<string>[]>;
}

type Protocol = "PROTOCOL_ALL" | "PROTOCOL_TCP";

export interface AccessRule {
  protocol: Protocol;
  ruleType: "RULE_TYPE_INBOUND" | "RULE_TYPE_OUTBOUND";
  ports?: string;
  ipRangeCidr?: string;
}

/** A new group lets nothing in or out, so each direction is named. Nodes talk freely among themselves: pods and kubelets need it. */
export function accessRules({ network, api, ssh }: AccessOptions): pulumi.Output<AccessRule[]> {
  return pulumi.all([api, ssh]).apply(([api, ssh]): AccessRule[] => {
    const inbound = (ports: string, ranges: readonly string[]) =>
      ranges.map((ipRangeCidr): AccessRule => ({
        protocol: "PROTOCOL_TCP",
        ruleType: "RULE_TYPE_INBOUND",
        ports,
        ipRangeCidr,
      }));
    return [
      { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_OUTBOUND" },
      { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_INBOUND", ipRangeCidr: network },
      ...inbound("6443", api),
      ...inbound("22", ssh),
    ];
  });
}
