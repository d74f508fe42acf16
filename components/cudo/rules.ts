/** Rules of the nodes' security group (reference: Cudo, "Networks and security groups"). Pure. */
export interface AccessOptions {
  /** Range of the nodes' own network. */
  network: string;
  /** Ranges that may reach the API. */
  access: readonly string[];
  ssh: boolean;
}

type Protocol = "PROTOCOL_ALL" | "PROTOCOL_TCP";

export interface AccessRule {
  protocol: Protocol;
  ruleType: "RULE_TYPE_INBOUND" | "RULE_TYPE_OUTBOUND";
  ports?: string;
  ipRangeCidr?: string;
}

/** A new group lets nothing in or out, so each direction is named. Nodes talk freely among themselves: pods and kubelets need it. */
export function accessRules({ network, access, ssh }: AccessOptions): AccessRule[] {
  const inbound = (ports: string) =>
    access.map((ipRangeCidr): AccessRule => ({
      protocol: "PROTOCOL_TCP",
      ruleType: "RULE_TYPE_INBOUND",
      ports,
      ipRangeCidr,
    }));
  return [
    { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_OUTBOUND" },
    { protocol: "PROTOCOL_ALL", ruleType: "RULE_TYPE_INBOUND", ipRangeCidr: network },
    ...inbound("6443"),
    ...(ssh ? inbound("22") : []),
  ];
}
