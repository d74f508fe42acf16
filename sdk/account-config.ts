/** The part of the provider's configuration that is about an account: what every cloud with a key and a project checks alike. */
import { unsafeUrlProblem } from "./safe-url";

export interface Account {
  readonly apiKey: string;
  readonly projectId: string;
  readonly baseUrl: string;
}

export interface AccountRules {
  /** The cloud's part of the configuration: `cudo`. */
  readonly section: string;
  /** Variables of the environment that the user may set instead. */
  readonly variables: Readonly<Record<keyof Account, string>>;
  readonly defaultBaseUrl: string;
  readonly projectId: { readonly pattern: RegExp; readonly rule: string };
}

export interface CheckedAccount<T> {
  config: Record<keyof Account, T | string | undefined>;
  failures: { property: string; reason: string }[];
}

/**
 * Fills defaults from the environment and checks what is known. A missing key or project is no failure here: a program that uses other
 * clouds only needs none. `given` may hold unknown values, which pass through.
 */
export function checkAccount<T>(
  { section, variables, defaultBaseUrl, projectId }: AccountRules,
  given: Partial<Record<keyof Account, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CheckedAccount<T> {
  const config = {
    apiKey: given.apiKey ?? nonEmpty(environment[variables.apiKey]),
    projectId: given.projectId ?? nonEmpty(environment[variables.projectId]),
    baseUrl: given.baseUrl ?? nonEmpty(environment[variables.baseUrl]) ?? defaultBaseUrl,
  };
  const failures: CheckedAccount<T>["failures"] = [];
  const fail = (field: keyof Account, reason: string) => failures.push({ property: `${section}.${field}`, reason });
  const unsafe = typeof config.baseUrl === "string" ? unsafeUrlProblem(config.baseUrl, defaultBaseUrl) : undefined;
  if (unsafe !== undefined)
    fail("baseUrl", given.baseUrl === undefined ? `${unsafe} (it is from ${variables.baseUrl})` : unsafe);
  if (typeof config.apiKey === "string" && !/^[\x21-\x7e]+$/.test(config.apiKey)) {
    fail("apiKey", "must be one word of printable characters: no spaces or line ends");
  }
  if (typeof config.projectId === "string" && !projectId.pattern.test(config.projectId)) {
    fail("projectId", `"${config.projectId}" ${projectId.rule}`);
  }
  return { config, failures };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}
