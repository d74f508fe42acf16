/** From the provider's configuration to clients. */
import type { ProviderConfig } from "../server/resource";
import { containsUnknown } from "../server/wire";
import { AwsClients } from "./clients";
import type { AwsProviderConfig } from "../../sdk/aws/config";

const known = new Map<string, AwsClients>();

/** The same clients for the same configuration, so that their credentials and their measure of throttling are shared. */
export function connect(config: ProviderConfig): AwsClients {
  const place = (config.aws ?? {}) as AwsProviderConfig;
  const key = JSON.stringify(place);
  let clients = known.get(key);
  if (!clients) known.set(key, (clients = new AwsClients(place)));
  return clients;
}

/** Undefined at a preview where the configuration is not known yet. */
export function connectIfKnown(config: ProviderConfig): AwsClients | undefined {
  return containsUnknown(config.aws) ? undefined : connect(config);
}
