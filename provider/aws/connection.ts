/** From the provider's configuration, and a resource's own, to clients. */
import { isUnknown } from "../server/values";
import type { ProviderConfig } from "../server/resource";
import { AwsClients } from "./clients";
import type { AwsConnection, AwsProviderConfig } from "../../sdk/aws/config";
import { combineConnections } from "./config";

const known = new Map<string, AwsClients>();

/** The same clients for the same connection, so that their credentials and their measure of throttling are shared. */
export function connect(config: ProviderConfig, own?: AwsConnection): AwsClients {
  const connection = combineConnections((config.aws ?? {}) as AwsProviderConfig, own);
  const key = JSON.stringify(connection);
  let clients = known.get(key);
  if (!clients) known.set(key, (clients = new AwsClients(connection)));
  return clients;
}

/** Undefined at a preview where the connection is not known yet. */
export function connectIfKnown(config: ProviderConfig, own: unknown): AwsClients | undefined {
  return holdsUnknown(config.aws) || holdsUnknown(own) ? undefined : connect(config, own as AwsConnection | undefined);
}

function holdsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown);
}
