/** The provider's configuration for Mithril. */

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

export const defaultBaseUrl = "https://api.mithril.ai";

export interface CheckedMithrilConfig<T> {
  config: Record<keyof MithrilProviderConfig, T>;
  failures: { property: string; reason: string }[];
}

/**
 * Fills defaults from the environment and checks what is known. A missing key or project is no failure here: a program that uses other
 * clouds only needs none. `given` may hold unknown values, which pass through.
 */
export function checkMithrilConfig<T>(
  given: Partial<Record<keyof MithrilProviderConfig, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CheckedMithrilConfig<T | string | undefined> {
  const config = {
    apiKey: given.apiKey ?? nonEmpty(environment.MITHRIL_API_KEY),
    projectId: given.projectId ?? nonEmpty(environment.MITHRIL_PROJECT),
    baseUrl: given.baseUrl ?? nonEmpty(environment.MITHRIL_API_URL) ?? defaultBaseUrl,
  };
  const failures: CheckedMithrilConfig<T>["failures"] = [];
  if (typeof config.baseUrl === "string" && !isHttpUrl(config.baseUrl)) {
    const source = given.baseUrl === undefined ? " (from MITHRIL_API_URL)" : "";
    failures.push({
      property: "mithril.baseUrl",
      reason: `"${config.baseUrl}"${source} must be an http or https URL such as ${defaultBaseUrl}`,
    });
  }
  if (typeof config.apiKey === "string" && !/^[\x21-\x7e]+$/.test(config.apiKey)) {
    failures.push({
      property: "mithril.apiKey",
      reason: "must be one word of printable characters: no spaces or line ends",
    });
  }
  if (typeof config.projectId === "string" && !/^proj_[A-Za-z0-9_-]+$/.test(config.projectId)) {
    failures.push({
      property: "mithril.projectId",
      reason: `"${config.projectId}" must be a project's fid, which begins with proj_ (not its name)`,
    });
  }
  return { config, failures };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
