/** What leads programs, plugins and tools to the simulated AWS, and keeps them from every real account. */
import type { Document } from "yaml";
import { endpointsAt } from "../stand-ins/aws/services";

/** Anything will do: the simulated AWS checks no signatures. */
const credentials = { accessKey: "simulator", secretKey: "simulator" };

export const defaultRegion = "us-west-2";

/** The config of the stack's AWS providers, by full key. */
export function awsConfig(endpoint: string, region: string): Record<string, unknown> {
  return {
    "aws:region": region,
    "aws:accessKey": credentials.accessKey,
    "aws:secretKey": credentials.secretKey,
    // AWS_ENDPOINT_URL leads all others to the same place.
    "aws:endpoints": [endpointsAt(endpoint)],
    "aws:skipCredentialsValidation": true,
    "aws:skipMetadataApiCheck": true,
    "gpu-clusters:aws": { region, endpoint },
  };
}

/** For providers with a configuration of their own, which take nothing from the stack's config, and for AWS's tools. */
export function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false",
    AWS_ACCESS_KEY_ID: credentials.accessKey,
    AWS_SECRET_ACCESS_KEY: credentials.secretKey,
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/**
 * Replaces all that a stack's config says of AWS but its region and its tags. A config without a network between pods gets none: simulated
 * machines need no network of their own, and charts come from the internet.
 */
export function leadToSimulatedAws(document: Document, endpoint: string): void {
  const { region, keys } = awsSettings(document);
  for (const key of keys) {
    if (key.startsWith("aws:") && key !== "aws:defaultTags") document.deleteIn(["config", key]);
  }
  for (const [key, value] of Object.entries(awsConfig(endpoint, region))) document.setIn(["config", key], value);
  if (!keys.includes("pulumi-gpu-clusters:cni")) document.setIn(["config", "pulumi-gpu-clusters:cni"], "none");
}

/** What a stack's config says of AWS. */
export function awsSettings(document: Document): { region: string; keyPair: string | undefined; keys: string[] } {
  const { config } = (document.toJS() ?? {}) as { config?: Record<string, unknown> };
  const text = (key: string) => (typeof config?.[key] === "string" ? config[key] : undefined);
  const region = text("pulumi-gpu-clusters:region") ?? text("aws:region") ?? defaultRegion;
  return { region, keyPair: text("pulumi-gpu-clusters:keyPair"), keys: Object.keys(config ?? {}) };
}
