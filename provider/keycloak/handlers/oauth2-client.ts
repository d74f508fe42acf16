import { counted } from "../../../sdk/counted";
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { clientIdProblem, ownClientProblem, realmProblem, redirectUriProblem } from "../../../sdk/keycloak/checks";
import type { OAuth2ClientArgs } from "../../../sdk/keycloak/oauth2-client";
import type * as pulumi from "../../../sdk/pulumi";
import { isSafeUrl } from "../../../sdk/safe-url";
import { inOrderOf, known } from "../../cloud/inputs";
import { record, type Json } from "../../cloud/json";
import { messageOf } from "../../../sdk/message";
import { ownerMark } from "../../cloud/owner-mark";
import { outlasting } from "../../cloud/wait";
import {
  PartialFailure,
  type CheckFailure,
  type ResourceContext,
  type ResourceHandler,
  type UnknowableProperties,
} from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import type { FoundClient, KeycloakApi } from "../client";
import { connect, connectIfKnown } from "../connection";
import { isKeycloakError, UnexpectedBehavior } from "../errors";

export type OAuth2ClientInputs = pulumi.Unwrap<OAuth2ClientArgs>;

export interface OAuth2ClientOutputs {
  secret: string;
  issuer: string;
  adopted: boolean;
  active: boolean;
  owner: string;
}

/** Attribute of clients of ours: which resource of which stack made them. */
const ownerKey = "gpu-clusters.owner";

const secretPattern = /^[\x21-\x7e]{24,32}$/;
/** How long a create that is on its way is waited for when `up` is interrupted. */
const interruptedMs = 10_000;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export const oauth2ClientHandler: ResourceHandler<OAuth2ClientInputs, OAuth2ClientOutputs> = {
  async check(inputs, context, before) {
    const failures = wrongInputs(inputs);
    const [realm, clientId] = [known(inputs.realm), known(inputs.clientId)];
    const api = connectIfKnown(context.config);
    const isNew = before?.realm !== realm || before?.clientId !== clientId;
    if (failures.length > 0 || api === undefined || realm === undefined || clientId === undefined || !isNew)
      return failures;
    // Before anything is made anywhere: whether Keycloak can be reached, who acts may see the realm's clients, and the id is free.
    const found = await findIn(api, { realm, clientId }, context.signal);
    if (found !== undefined && !isUnknown(inputs.adopt) && !isOurs(found, ownerMark(context.urn)))
      checkTaken({ realm, clientId, adopt: known(inputs.adopt) }, found);
    await safeIssuer(api, realm, context.signal);
    return [];
  },

  plan(state, _inputs) {
    const { secret, active } = state.outputs;
    // A secret that was changed by other means is the client's by now; one that was taken away is made anew.
    return { ignores: ["adopt"], outputs: [...(secret === "" ? ["secret"] : []), ...(active ? [] : ["active"])] };
  },

  preview(inputs, state) {
    const secret = known(inputs.secret) ?? (state?.outputs.secret || Unknown.value);
    return { ...state?.outputs, secret, active: true };
  },

  async create(inputs, context) {
    const api = connect(context.config);
    const found = await findIn(api, inputs, context.signal);
    const owner = ownerMark(context.urn);
    const adopted = found !== undefined && !isOurs(found, owner);
    const issuer = await safeIssuer(api, inputs.realm, context.signal);
    if (adopted) checkTaken(inputs, found);
    if (adopted && inputs.secret === undefined && found.hidesSecret) throw new UnexpectedBehavior(hiddenReason(inputs));
    const secret = inputs.secret ?? found?.secret ?? newSecret();
    const outputs = { secret, issuer, adopted, active: true, owner };
    try {
      await bring({ api, inputs, outputs, found }, context.signal);
    } catch (error) {
      // Of ours there is one already, by an `up` that did not come to write it down.
      if (found === undefined || adopted || error instanceof PartialFailure) throw error;
      const unfinished = { ...outputs, active: false };
      throw new PartialFailure(idOf(inputs), unfinished, [messageOf(error)], { cause: error });
    }
    return { id: idOf(inputs), outputs };
  },

  async read(id, state, context) {
    const [realm, clientId] = splitId(id);
    const api = connect(context.config);
    const { inputs: given, outputs: before } = state ?? {};
    const found = await findAgain(api, { realm, clientId }, before, context.signal);
    if (found === undefined) return undefined;
    const issuer = await api.issuer(realm, context.signal);
    if (found.hidesSecret && before === undefined) throw new UnexpectedBehavior(hiddenReason({ realm, clientId }));
    const secret = found.secret ?? (found.hidesSecret ? (given?.secret ?? before!.secret) : "");
    const owner = ownerOf(before, context);
    const adopted = before?.adopted ?? !isOurs(found, owner);
    return {
      inputs: {
        realm,
        clientId,
        ...(found.name !== "" && { displayName: found.name }),
        ...(given?.secret !== undefined && { secret }),
        redirectUris: inOrderOf(given?.redirectUris, found.redirectUris),
        adopt: given?.adopt ?? false,
      },
      outputs: { secret, issuer, adopted, active: isAsMade(found, adopted), owner },
    };
  },

  async update(_id, inputs, { outputs: before }, context) {
    const api = connect(context.config);
    const found = await findAgain(api, inputs, before, context.signal);
    // What somebody deleted is made anew, and is ours then; another's may be in its place.
    const owner = ownerOf(before, context);
    const adopted = found !== undefined && !isOurs(found, owner);
    if (adopted) checkTaken(inputs, found);
    const outputs = {
      ...before,
      secret: inputs.secret ?? (before.secret || newSecret()),
      adopted,
      active: true,
      owner,
    };
    await bring({ api, inputs, outputs, found }, context.signal);
    return outputs;
  },

  async delete(_id, { inputs, outputs }, context) {
    if (outputs.adopted) return;
    const api = connect(context.config);
    const found = await findAgain(api, inputs, outputs, context.signal);
    // Somebody may have made another of the same id.
    if (found !== undefined && isOurs(found, ownerOf(outputs, context)))
      await api.delete(inputs.realm, found.uuid, context.signal);
  },
};

interface Bringing {
  api: KeycloakApi;
  inputs: OAuth2ClientInputs;
  outputs: OAuth2ClientOutputs;
  /** What there is. */
  found: FoundClient | undefined;
}

/** Makes it, or makes of what there is what it should be. */
async function bring({ api, inputs, outputs, found }: Bringing, signal: AbortSignal): Promise<void> {
  if (found === undefined) return createOnce(api, inputs, outputs, signal);
  await api.update(inputs.realm, found.uuid, representation(inputs, outputs, found), signal);
}

/** A create whose answer was lost, or whose wait was interrupted, may have made it: a look tells, by our mark. */
async function createOnce(
  api: KeycloakApi,
  inputs: OAuth2ClientInputs,
  outputs: OAuth2ClientOutputs,
  signal: AbortSignal,
): Promise<void> {
  const late = outlasting(signal, interruptedMs);
  try {
    await api.create(inputs.realm, representation(inputs, outputs), late.signal);
  } catch (error) {
    const unknown = late.signal.aborted || isKeycloakError(error, "unavailable");
    if (!unknown && !isKeycloakError(error, "alreadyExists")) throw error;
    const found = await findIn(api, inputs, late.signal).catch((second: unknown) => {
      const reasons = [`${messageOf(error)}; whether the client exists could not be found out: ${messageOf(second)}`];
      throw new PartialFailure(idOf(inputs), outputs, reasons, { cause: error });
    });
    if (found === undefined || !isOurs(found, outputs.owner)) throw error;
    await api.update(inputs.realm, found.uuid, representation(inputs, outputs, found), late.signal);
  } finally {
    late.end();
  }
}

/** Reference: Keycloak, Admin REST API, ClientRepresentation. What is not ours to say stays as it is. */
function representation(
  { clientId, displayName = "", redirectUris = [] }: OAuth2ClientInputs,
  { secret, adopted, owner }: OAuth2ClientOutputs,
  found?: FoundClient,
): Json {
  return {
    ...found?.whole,
    ...waysIn(redirectUris),
    clientId,
    name: displayName,
    secret,
    redirectUris,
    ...(!adopted && { [flowsKey]: ofTheRealm(found?.whole) }),
    attributes: { ...found?.attributes, ...(!adopted && { [ownerKey]: owner }) },
  };
}

/** Who may log in by the client, and how. */
function waysIn(redirectUris: readonly string[]): Json {
  return {
    enabled: true,
    protocol: "openid-connect",
    publicClient: false,
    bearerOnly: false,
    clientAuthenticatorType: "client-secret",
    serviceAccountsEnabled: true,
    standardFlowEnabled: redirectUris.length > 0,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    // Browsers may ask from where people are sent back to.
    webOrigins: redirectUris.length > 0 ? ["+"] : [],
  };
}

/** A client's own flows by which people log in, in the place of its realm's. One that is taken over keeps them. */
const flowsKey = "authenticationFlowBindingOverrides";

/** Keycloak keeps those that a change does not name, and takes away those that are empty. */
function ofTheRealm(whole: Json = {}): Json {
  return Object.fromEntries(Object.keys(record(whole[flowsKey])).map((binding) => [binding, ""]));
}

function isAsMade({ whole, redirectUris }: FoundClient, adopted: boolean): boolean {
  const flows = adopted ? {} : record(whole[flowsKey]);
  const isSet = ([key, value]: [string, unknown]) => isDeepStrictEqual(whole[key], value);
  return Object.keys(flows).length === 0 && Object.entries(waysIn(redirectUris)).every(isSet);
}

function isOurs({ attributes }: FoundClient, owner: string): boolean {
  return attributes[ownerKey] === owner;
}

/** It stays by another name of the resource. States of before have none. */
function ownerOf(before: Partial<OAuth2ClientOutputs> | undefined, { urn }: Pick<ResourceContext, "urn">): string {
  return before?.owner ?? ownerMark(urn);
}

type Place = Pick<OAuth2ClientInputs, "realm" | "clientId">;

/** Keycloak says of a realm that it does not have only that nothing was found. */
async function findIn(
  api: KeycloakApi,
  { realm, clientId }: Place,
  signal: AbortSignal,
): Promise<FoundClient | undefined> {
  try {
    return await api.find(realm, clientId, signal);
  } catch (error) {
    if (!isKeycloakError(error, "notFound")) throw error;
    throw new UnexpectedBehavior(`realm: ${api.baseUrl} has no realm "${realm}"`, { cause: error });
  }
}

/** A client that is not there may be in another Keycloak, which the configuration named before: it is not forgotten there. */
async function findAgain(
  api: KeycloakApi,
  place: Place,
  before: OAuth2ClientOutputs | undefined,
  signal: AbortSignal,
): Promise<FoundClient | undefined> {
  const found = await findIn(api, place, signal);
  if (found !== undefined || before?.issuer === undefined) return found;
  const issuer = await api.issuer(place.realm, signal);
  if (issuer === before.issuer) return undefined;
  throw new Error(
    `keycloak.baseUrl: ${api.baseUrl} has no client "${place.clientId}", and is another Keycloak than the one that got it: the realm is ${issuer} there, and was ` +
      `${before.issuer}. Set it back, and destroy the client before it moves; if it is gone for good, take it out of the state (\`pulumi state delete\`)`,
  );
}

/** Throws where another's client may not be taken over, and where it would be of no use to those who have it. */
function checkTaken(
  { realm, clientId, adopt = false }: Place & Pick<OAuth2ClientInputs, "adopt">,
  { whole }: FoundClient,
) {
  const { protocol = "openid-connect", bearerOnly } = whole;
  const there = `clientId: the realm "${realm}" has a client "${clientId}"`;
  if (!adopt)
    throw new UnexpectedBehavior(
      `${there} that this stack did not make; name another, or take it over with adopt: true`,
    );
  if (protocol !== "openid-connect" || bearerOnly === true)
    throw new UnexpectedBehavior(
      `${there} of ${bearerOnly === true ? "its own, by which nobody logs in" : `the protocol ${String(protocol)}`}, whose users another kind would lock out: name another`,
    );
}

function hiddenReason({ realm, clientId }: Place): string {
  return (
    `clientId: who acts may not see the secret of "${clientId}" in the realm "${realm}", and would give it another, which nobody has: it needs the role ` +
    "manage-clients, not view-clients alone"
  );
}

function wrongInputs(inputs: UnknowableProperties<OAuth2ClientInputs>): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const look = (property: string, value: string | undefined, problemOf: (value: string) => string | undefined) => {
    const reason = value === undefined ? undefined : problemOf(value);
    if (reason !== undefined) failures.push({ property, reason });
  };
  look("realm", known(inputs.realm), realmProblem);
  look("clientId", known(inputs.clientId), (id) => clientIdProblem(id) ?? ownClientProblem(id));
  look("secret", known(inputs.secret), secretProblem);
  const uris = isUnknown(inputs.redirectUris) ? [] : (inputs.redirectUris ?? []).map((uri) => known(uri));
  uris.forEach((uri, index) => {
    const first = uris.indexOf(uri);
    const twin = (uri: string) => (first < index ? `"${uri}" is redirectUris[${first}] too` : undefined);
    look(`redirectUris[${index}]`, uri, (uri) => redirectUriProblem(uri) ?? twin(uri));
  });
  return failures;
}

function secretProblem(secret: string): string | undefined {
  if (secretPattern.test(secret)) return undefined;
  return `must have 24 to 32 printable characters and no spaces, has ${counted(secret.length, "character")}`;
}

/** Behind a proxy of whose headers Keycloak takes no notice it believes that it is reached without encryption. */
async function safeIssuer(api: KeycloakApi, realm: string, signal: AbortSignal): Promise<string> {
  const issuer = await api.issuer(realm, signal);
  if (isSafeUrl(issuer)) return issuer;
  throw new UnexpectedBehavior(
    `realm: Keycloak says that applications find "${realm}" at ${issuer}, where secrets would go unencrypted; its settings hostname or proxy-headers ` +
      "make that an https address",
  );
}

const idOf = ({ realm, clientId }: Place) => `${realm}/${clientId}`;

/** Realms have no slash in their names, clients may. */
function splitId(id: string): [realm: string, clientId: string] {
  const slash = id.indexOf("/");
  if (slash < 1) throw new Error(`"${id}" is not an id such as <realm>/<clientId>`);
  return [id.slice(0, slash), id.slice(slash + 1)];
}

function newSecret(): string {
  return Array.from({ length: 32 }, () => letters[randomInt(letters.length)]).join("");
}
