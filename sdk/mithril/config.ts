/** The provider's configuration for Mithril. */
import { checkAccount, type AccountRules, type CheckedAccount } from "../account-config";

/**
 * How to reach Mithril.
 * @providerConfig mithril
 */
export interface MithrilProviderConfig {
  /**
   * API key, `fkey_…`. Default: the environment's `MITHRIL_API_KEY`.
   * @secret
   */
  apiKey?: string;
  /** Project that everything is made in, `proj_…`. Default: the environment's `MITHRIL_PROJECT`. */
  projectId?: string;
  /** Root of the API. Default: the environment's `MITHRIL_API_URL`, else `https://api.mithril.ai`. */
  baseUrl?: string;
}

export const mithrilAccount: AccountRules = {
  section: "mithril",
  variables: { apiKey: "MITHRIL_API_KEY", projectId: "MITHRIL_PROJECT", baseUrl: "MITHRIL_API_URL" },
  defaultBaseUrl: "https://api.mithril.ai",
  projectId: {
    pattern: /^proj_[A-Za-z0-9_-]+$/,
    rule: "must be a project's fid, which begins with proj_ (not its name)",
  },
};

export function checkMithrilConfig<T>(
  given: Partial<Record<keyof MithrilProviderConfig, T>>,
  environment?: Readonly<Record<string, string | undefined>>,
): CheckedAccount<T> {
  return checkAccount(mithrilAccount, given, environment);
}
