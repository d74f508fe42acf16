/** What is wrong with the name of a cluster on bare metal, and with where its API server is, whoever makes it. Pure. */
import type * as pulumi from "../../sdk/pulumi";
import type { Problems } from "../errors";
import { isHostAndPort } from "../../sdk/host-and-port";
import { known } from "../inputs";

export function checkClusterName(name: string, problems: Problems): void {
  if (!/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name))
    problems.add(
      "clusterName",
      `"${name}" must have 1 to 40 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen`,
    );
}

/** With a space behind it. What may have a password in it is not shown. */
export function shown(address: string): string {
  return address.includes("@") ? "" : `"${address}" `;
}

export function checkEndpoint(given: pulumi.Input<string> | undefined, example: string, problems: Problems): void {
  const endpoint = known(given);
  if (endpoint !== undefined && !isHostAndPort(endpoint, true))
    problems.add("endpoint", `${shown(endpoint)}must be host:port without a scheme, such as ${example}`);
}
