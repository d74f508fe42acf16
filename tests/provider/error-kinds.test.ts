/** Texts that the clouds are known or likely to send: the status decides first, the words second. */
import assert from "node:assert/strict";
import { isCudoError, parseError as cudoError } from "../../provider/cudo/errors";
import { parseError as keycloakError } from "../../provider/keycloak/errors";
import { parseError as mithrilError } from "../../provider/mithril/errors";
import { parseError as vaultError } from "../../provider/vault/errors";

const quotaFailure = [{ "@type": "type.googleapis.com/google.rpc.QuotaFailure" }];
const html = "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>";

const cudo: [status: number, body: object | string, kind: string, headers?: Record<string, string>][] = [
  [429, { code: 8, message: "rate limit exceeded" }, "rateLimit"],
  [429, { code: 8, message: "Rate Limit Exceeded: 10 requests per second" }, "rateLimit"],
  [429, { code: 8, message: "request limit reached, slow down" }, "rateLimit"],
  [429, { code: 8, message: "limit exceeded" }, "rateLimit"],
  [429, { code: 8, message: "Too Many Requests" }, "rateLimit"],
  [429, "error code: 1015", "rateLimit"],
  [429, { code: 8, message: "quota exceeded: vcpus" }, "quota"],
  [429, { code: 8, message: "hourly spend limit reached" }, "quota"],
  [429, { code: 8, message: "insufficient credit" }, "quota"],
  [429, { code: 8, message: "GPU limit exceeded" }, "quota"],
  [429, { code: 8, message: "resource exhausted", details: quotaFailure }, "quota"],
  [429, { code: 8, message: "quota for requests per minute exceeded" }, "rateLimit"],
  [429, { code: 8, message: "quota" }, "rateLimit", { "retry-after": "3" }],
  [400, { code: 9, message: "no hosts available" }, "capacity"],
  [400, { code: 3, message: "network full" }, "capacity"],
  [400, { code: 9, message: "vm is starting" }, "precondition"],
  [400, { code: 3, message: "invalid id" }, "invalid"],
  [400, { code: 3, message: "There are no hosts available for your specified virtual machine." }, "capacity"],
  [400, { code: 9, message: "Vm cannot be assigned ip from network. Network full" }, "capacity"],
  [400, { code: 9, message: "no public ip addresses left" }, "capacity"],
  [400, { code: 9, message: "no free IP address in the network" }, "capacity"],
  [400, { code: 3, message: "insufficient GPU capacity" }, "capacity"],
  [400, { code: 3, message: "dial tcp: lookup pool.internal: no such host" }, "invalid"],
  [400, { code: 3, message: "no valid host name" }, "invalid"],
  [400, { code: 3, message: "no network with that ip address" }, "invalid"],
  [400, { message: "no such host" }, "invalid"],
  [400, { code: 14, message: "lookup pool.internal: no such host" }, "unavailable"],
  [400, { code: 4, message: "context deadline exceeded" }, "unavailable"],
  [400, { code: 8, message: "RESOURCE_EXHAUSTED" }, "rateLimit"],
  [400, { code: 8, message: "quota exceeded: vcpus" }, "quota"],
  [400, { code: 8, message: "no hosts available" }, "capacity"],
  [400, { code: 8, message: "resource exhausted", details: quotaFailure }, "quota"],
  [429, { code: 8, message: "no hosts available" }, "capacity"],
  [400, { code: 5, message: "not found" }, "notFound"],
  [400, { code: 6, message: "already exists" }, "alreadyExists"],
  [400, { code: 7, message: "no capacity for such users" }, "permission"],
  [400, { code: 16, message: "unauthenticated" }, "unauthenticated"],
  [501, { code: 12, message: "not implemented" }, "invalid"],
  [401, { code: 16, message: "unauthenticated: quota" }, "unauthenticated"],
  [403, { code: 7, message: "permission denied" }, "permission"],
  [403, html, "permission"],
  [404, { code: 5, message: "not found: rate limit" }, "notFound"],
  [404, { code: 404, status: "NOT_FOUND", message: "not found" }, "notFound"],
  [404, html, "unavailable"],
  [404, "default backend - 404", "unavailable"],
  [404, { message: "no Route matched with those values" }, "unavailable"],
  [404, "", "unavailable"],
  [409, { code: 6, message: "already exists" }, "alreadyExists"],
  [409, { code: 10, message: "aborted" }, "precondition"],
  [500, { code: 13, message: "quota service failed" }, "unavailable"],
  [503, html, "unavailable"],
];

const mithril: [status: number, body: object | string, kind: string][] = [
  [429, { detail: "quota exceeded" }, "rateLimit"],
  [429, { detail: "Too many requests" }, "rateLimit"],
  [400, { detail: "Spot quota exceeded" }, "quota"],
  [402, { detail: "no payment method" }, "billing"],
  [400, { detail: "Please set up billing" }, "billing"],
  [400, { detail: "Limit price below minimum" }, "price"],
  [400, { detail: "name already used" }, "alreadyExists"],
  [400, { detail: "Reservation has already ended" }, "precondition"],
  [409, { detail: "volume is in use" }, "precondition"],
  [400, { detail: "not enough capacity in us-central5-a" }, "capacity"],
  [400, { detail: "no capacity for a100 in us-central5-a" }, "capacity"],
  [400, { detail: "no such capacity block" }, "invalid"],
  [400, { detail: "order format: that capacity is unknown" }, "invalid"],
  [503, { detail: "Region is temporarily at CPU capacity" }, "capacity"],
  [503, { detail: "Service Unavailable" }, "unavailable"],
  [502, "<html><title>Bad Gateway</title></html>", "unavailable"],
  [504, "upstream request timeout", "unavailable"],
  [401, { detail: "Invalid API key" }, "unauthenticated"],
  [403, { detail: "feature is not enabled for your organization" }, "permission"],
  [404, { detail: "quota not found" }, "notFound"],
  [404, html, "unavailable"],
  [404, "default backend - 404", "unavailable"],
  [404, { message: "no Route matched with those values" }, "unavailable"],
  [404, "", "unavailable"],
];

const keycloak: [status: number, body: object | string, kind: string][] = [
  [429, { error: "quota exceeded" }, "rateLimit"],
  [400, { error: "invalid_grant", error_description: "Account is temporarily locked: rate limit" }, "unauthenticated"],
  [400, { error: "unauthorized_client" }, "unauthenticated"],
  [401, html, "unauthenticated"],
  [403, { error: "unknown_error" }, "permission"],
  [404, { error: "Realm not found." }, "notFound"],
  [404, html, "unavailable"],
  [404, "", "unavailable"],
  [409, { errorMessage: "Client c1 already exists" }, "alreadyExists"],
  [400, { errorMessage: "A limit was exceeded" }, "invalid"],
  [503, html, "unavailable"],
];

const vault: [status: number, body: object | string, kind: string][] = [
  [429, { errors: ['request path "auth/x": rate limit quota exceeded'] }, "rateLimit"],
  [400, { errors: ["lease count quota exceeded"] }, "invalid"],
  [403, { errors: ["permission denied"] }, "permission"],
  [403, html, "permission"],
  [404, { errors: [] }, "notFound"],
  [404, { data: { data: null, metadata: { version: 1 } } }, "notFound"],
  [404, html, "unavailable"],
  [404, "", "unavailable"],
  [412, { errors: ["required index state not present"] }, "unavailable"],
  [473, "", "unavailable"],
  [503, { errors: ["Vault is sealed"] }, "unavailable"],
  [502, html, "unavailable"],
];

const text = (body: object | string) => (typeof body === "string" ? body : JSON.stringify(body));

describe("Kinds of refusals", () => {
  for (const [status, body, kind, headers] of cudo) {
    it(`Cudo: ${status} ${text(body).slice(0, 70)} is ${kind}`, () => {
      assert.equal(cudoError("POST /v1/x", status, new Headers(headers), text(body)).kind, kind);
    });
  }
  for (const [status, body, kind] of mithril) {
    it(`Mithril: ${status} ${text(body).slice(0, 70)} is ${kind}`, () => {
      assert.equal(mithrilError("POST /v2/x", status, new Headers(), text(body)).kind, kind);
    });
  }

  for (const [name, parse, table] of [
    ["Keycloak", keycloakError, keycloak],
    ["Vault", vaultError, vault],
  ] as const)
    for (const [status, body, kind] of table)
      it(`${name}: ${status} ${text(body).slice(0, 70)} is ${kind}`, () => {
        assert.equal(parse("POST /x", status, new Headers(), text(body)).kind, kind);
      });

  it("say what a page from the firewall before Cudo's API means", () => {
    const refused = cudoError("POST /v1/projects/p/vm", 403, new Headers(), html);
    assert.ok(isCudoError(refused, "permission"));
    assert.match(refused.message, /firewall before Cudo's API.*start scripts.*compress/);
    const plain = cudoError("POST /v1/projects/p/vm", 403, new Headers(), '{"code":7,"message":"no"}');
    assert.doesNotMatch(plain.message, /firewall/);
  });
});
