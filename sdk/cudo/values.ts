/** Values of inputs that Cudo names itself. */

/** Whose SSH keys a VM gets: all project members', the API key's owner's, or only the custom ones. */
export type SshKeySource = "SSH_KEY_SOURCE_PROJECT" | "SSH_KEY_SOURCE_USER" | "SSH_KEY_SOURCE_NONE";

/** A VM with a commitment is cheaper, and cannot be deleted before it ends. */
export type CommitmentTerm =
  | "COMMITMENT_TERM_NONE"
  | "COMMITMENT_TERM_1_MONTH"
  | "COMMITMENT_TERM_3_MONTHS"
  | "COMMITMENT_TERM_6_MONTHS"
  | "COMMITMENT_TERM_12_MONTHS"
  | "COMMITMENT_TERM_24_MONTHS"
  | "COMMITMENT_TERM_36_MONTHS"
  | "COMMITMENT_TERM_60_MONTHS";

export type RuleProtocol =
  "PROTOCOL_ALL" | "PROTOCOL_TCP" | "PROTOCOL_UDP" | "PROTOCOL_ICMP" | "PROTOCOL_ICMPv6" | "PROTOCOL_IPSEC";

export type RuleType = "RULE_TYPE_INBOUND" | "RULE_TYPE_OUTBOUND";
