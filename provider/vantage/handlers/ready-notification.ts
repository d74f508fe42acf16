import { createHash } from "node:crypto";
import { clientIdProblem, issuerProblem } from "../../../sdk/keycloak/checks";
import { isSafeUrl } from "../../../sdk/safe-url";
import type { ReadyNotificationArgs } from "../../../sdk/vantage/ready-notification";
import type * as pulumi from "../../../sdk/pulumi";
import { known } from "../../cloud/inputs";
import { messageOf } from "../../../sdk/message";
import { wrongTimeout } from "../../cloud/timeout";
import type { Pace } from "../../cloud/wait";
import { keycloakLogin, type Login } from "../../keycloak/login";
import {
  PartialFailure,
  type CheckFailure,
  type ResourceContext,
  type ResourceHandler,
  type UnknowableProperties,
} from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import { deliver } from "../deployer";

export type ReadyNotificationInputs = pulumi.Unwrap<ReadyNotificationArgs>;

export interface ReadyNotificationOutputs {
  messageId: string;
  outcome: "accepted" | "already-running" | "failed";
}

const defaultTimeoutSeconds = 300;
const pace: Pace = { firstMs: 1_000, factor: 2, longestMs: 30_000 };

export const readyNotificationHandler: ResourceHandler<ReadyNotificationInputs, ReadyNotificationOutputs> = {
  check: (inputs) => [...wrongPlace(inputs), ...wrongSettings(inputs), ...wrongLogin(inputs), ...wrongTimeout(inputs)],

  // Who sends it, and how long it is tried, is no other message.
  plan: ({ outputs }) => ({
    ignores: ["status", "accessToken", "issuer", "clientId", "clientSecret", "onFailure", "timeoutSeconds"],
    outputs: outputs.outcome === "failed" ? ["outcome"] : [],
  }),

  preview: (_inputs, state) => (state === undefined ? {} : { messageId: Unknown.value, outcome: Unknown.value }),

  async create(inputs, context) {
    return { id: context.name, outputs: await tell(inputs, messageId(inputs, context), context) };
  },

  async read(id, state) {
    if (state === undefined) throw new Error(`${id}: there is nothing to import, because it is a message`);
    return state;
  },

  update: (_id, inputs, { outputs }, context) => tell(inputs, messageId(inputs, context, outputs.messageId), context),

  makesNothing: true,

  async delete() {
    // What was told stays told.
  },
};

async function tell(
  inputs: ReadyNotificationInputs,
  id: string,
  context: ResourceContext,
): Promise<ReadyNotificationOutputs> {
  if (inputs.status !== "ready")
    throw new Error(`status: the cluster is "${inputs.status}", not ready: nobody was told`);
  const { baseUrl, settings, accessToken = "", clientSecret = "", timeoutSeconds = defaultTimeoutSeconds } = inputs;
  const message = {
    baseUrl,
    id,
    settings: JSON.parse(settings) as Record<string, unknown>,
    secrets: [accessToken, clientSecret, ...textsIn(JSON.parse(settings))],
  };
  try {
    const outcome = await deliver(message, loginOf(inputs), {
      ms: context.timeoutMs ?? timeoutSeconds * 1000,
      signal: context.signal,
      pace,
      waiting: (reason) => context.log.status(`not taken yet: ${reason}`),
    });
    return { messageId: id, outcome };
  } catch (error) {
    const outputs = { messageId: id, outcome: "failed" as const };
    const reason = `the cluster is ready, but ${baseUrl} was not told: ${messageOf(error)}`;
    if (inputs.onFailure !== "warning" || context.signal.aborted)
      throw new PartialFailure(context.name, outputs, [reason], { cause: error });
    context.log.warn(`${reason}; the next \`pulumi up\` tries again`);
    return outputs;
  }
}

function loginOf({ accessToken, issuer, clientId, clientSecret }: ReadyNotificationInputs): Login {
  if (accessToken !== undefined) return { token: () => Promise.resolve(accessToken), forget: () => undefined };
  return keycloakLogin({ issuer: issuer!, clientId: clientId!, clientSecret });
}

/**
 * The same in each try, of one `up` and of the next; another for another message. The engine keeps the inputs of before where an update fails:
 * so the key itself says which message it was for, in too few digits to tell what is in it.
 */
function messageId(
  { baseUrl, settings }: ReadyNotificationInputs,
  { urn }: Pick<ResourceContext, "urn">,
  before = "",
): string {
  const [, number = "0", last] = before.split("-");
  const message = digest([urn, baseUrl, settings].join("\n"), 8);
  return [digest(urn, 32), message === last ? number : Number(number) + 1, message].join("-");
}

function digest(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

/** Receivers quote what they were sent; what is short hides nothing. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.length >= 8 ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function wrongPlace(inputs: UnknowableProperties<ReadyNotificationInputs>): CheckFailure[] {
  const url = known(inputs.baseUrl);
  const reason = url === undefined ? undefined : baseUrlProblem(url);
  return reason === undefined ? [] : [{ property: "baseUrl", reason }];
}

function baseUrlProblem(url: string): string | undefined {
  // What may have a password in it is not shown.
  if (/[@?#]/.test(url)) return "must be an address alone, without user, password, query and fragment";
  if (!isSafeUrl(url)) return `"${url}" must be an https URL (http on this computer only): credentials go there`;
  if (url.includes(" ")) return `"${url}" must have no spaces`;
  return /\/deploy\/*$/.test(new URL(url).pathname)
    ? "must be without /deploy at its end, which the call adds"
    : undefined;
}

function wrongSettings(inputs: UnknowableProperties<ReadyNotificationInputs>): CheckFailure[] {
  const settings = known(inputs.settings);
  return settings === undefined || isObject(settings)
    ? []
    : [{ property: "settings", reason: "must be the text of a JSON object" }];
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function wrongLogin(inputs: UnknowableProperties<ReadyNotificationInputs>): CheckFailure[] {
  const parts = ["issuer", "clientId", "clientSecret"] as const;
  const given = parts.filter((part) => inputs[part] !== undefined);
  if (isUnknown(inputs.accessToken) || inputs.accessToken !== undefined)
    return [
      ...given.map((property) => ({ property, reason: "must be left out with accessToken" })),
      ...wrongLoginParts({ accessToken: inputs.accessToken }),
    ];
  const missing = parts.filter((part) => !given.includes(part));
  return [
    ...missing.map((property) => ({ property, reason: "is required without accessToken: nobody could send it" })),
    ...wrongLoginParts(inputs),
  ];
}

const loginProblems = {
  accessToken: textProblem,
  issuer: issuerProblem,
  clientId: clientIdProblem,
  clientSecret: textProblem,
} as const;

function wrongLoginParts(inputs: Partial<UnknowableProperties<ReadyNotificationInputs>>): CheckFailure[] {
  return Object.entries(loginProblems).flatMap(([property, problemOf]) => {
    const value = known(inputs[property as keyof typeof loginProblems]);
    const reason = value === undefined ? undefined : problemOf(value);
    return reason === undefined ? [] : [{ property, reason }];
  });
}

/** Of what goes into a header as it is, or was read from a file with the end of its line. */
function textProblem(secret: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(secret)
    ? undefined
    : "must have one or more printable characters, and no spaces or line breaks";
}
