/** What can be read from a refusal whoever wrote it: the cloud, or what stands before it. */

/** A few words out of an HTML page or plain text. */
export function plainWords(body: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(body)?.[1];
  const words = (title ?? body.replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
  return words.length > 200 ? `${words.slice(0, 200)}…` : words;
}

/**
 * What a 404 says that the API itself did not write, as a balancer's whose API is away: nothing of what is there. Taken for the API's, it would have a refresh
 * drop what lives and is charged.
 * @param field where the user says the address
 */
export function strangersNotFound(httpStatus: number | undefined, kind: string, field: string): string {
  if (httpStatus !== 404 || kind !== "unavailable") return "";
  return `. That is no answer of the API's own, but of what stands before it, or at another address (${field}): what is there is not known`;
}

/** `Retry-After` in milliseconds: seconds or a date, by the clock of who sent it, which need not be ours. */
export function retryAfter(headers: Headers): number | undefined {
  const header = headers.get("retry-after");
  if (header === null) return undefined;
  const seconds = Number(header);
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
