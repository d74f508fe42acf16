/** The provider's configuration for Cudo. */
import { checkAccount, type AccountRules, type CheckedAccount } from "../account-config";

/**
 * How to reach Cudo. An existing Cudo account is needed: its public sign-up is closed.
 * @providerConfig cudo
 */
export interface CudoProviderConfig {
  /**
   * API key. Default: the environment's `CUDO_API_KEY`.
   * @secret
   */
  apiKey?: string;
  /** Project that everything is made in. Default: the environment's `CUDO_PROJECT_ID`. */
  projectId?: string;
  /** Root of the API. Default: the environment's `CUDO_BASE_URL`, else `https://rest.compute.cudo.org`. */
  baseUrl?: string;
}

export const cudoAccount: AccountRules = {
  section: "cudo",
  variables: { apiKey: "CUDO_API_KEY", projectId: "CUDO_PROJECT_ID", baseUrl: "CUDO_BASE_URL" },
  defaultBaseUrl: "https://rest.compute.cudo.org",
  projectId: { pattern: /^[A-Za-z0-9][A-Za-z0-9_-]*$/, rule: "must have letters, digits and hyphens only" },
};

export function checkCudoConfig<T>(
  given: Partial<Record<keyof CudoProviderConfig, T>>,
  environment?: Readonly<Record<string, string | undefined>>,
): CheckedAccount<T> {
  return checkAccount(cudoAccount, given, environment);
}
