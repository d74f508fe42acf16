/** The provider's configuration for Cudo. */

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

export const defaultBaseUrl = "https://rest.compute.cudo.org";

export interface CheckedCudoConfig<T> {
  config: Record<keyof CudoProviderConfig, T>;
  failures: { property: string; reason: string }[];
}

/**
 * Fills defaults from the environment and checks what is known. A missing key or project is no failure here: a program that uses other
 * clouds only needs none. `given` may hold unknown values, which pass through.
 */
export function checkCudoConfig<T>(
  given: Partial<Record<keyof CudoProviderConfig, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CheckedCudoConfig<T | string | undefined> {
  const config = {
    apiKey: given.apiKey ?? nonEmpty(environment.CUDO_API_KEY),
    projectId: given.projectId ?? nonEmpty(environment.CUDO_PROJECT_ID),
    baseUrl: given.baseUrl ?? nonEmpty(environment.CUDO_BASE_URL) ?? defaultBaseUrl,
  };
  const failures: CheckedCudoConfig<T>["failures"] = [];
  if (typeof config.baseUrl === "string" && !isHttpUrl(config.baseUrl)) {
    const source = given.baseUrl === undefined ? " (from CUDO_BASE_URL)" : "";
    failures.push({
      property: "cudo.baseUrl",
      reason: `"${config.baseUrl}"${source} must be an http or https URL such as ${defaultBaseUrl}`,
    });
  }
  if (typeof config.apiKey === "string" && !/^[\x21-\x7e]+$/.test(config.apiKey)) {
    failures.push({
      property: "cudo.apiKey",
      reason: "must be one word of printable characters: no spaces or line ends",
    });
  }
  if (typeof config.projectId === "string" && !/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(config.projectId)) {
    failures.push({
      property: "cudo.projectId",
      reason: `"${config.projectId}" must have letters, digits and hyphens only`,
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
