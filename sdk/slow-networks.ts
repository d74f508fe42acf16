import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";

const attemptMs = 2_000;

/**
 * Node.js gives up each but the last of a host's addresses after 250 ms, and tries no address twice. So a host with an IPv4 and an IPv6 address cannot
 * be reached from where a handshake takes longer and IPv6 leads nowhere (reference: nodejs/node, issue 54359). Who has set a longer time keeps it.
 */
export function waitForSlowNetworks(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(Math.max(getDefaultAutoSelectFamilyAttemptTimeout(), attemptMs));
}
