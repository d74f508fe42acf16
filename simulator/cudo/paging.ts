/** The API's two ways of paging. Sizes and first page are not documented: pages count from 1, 20 entries by default and 100 at most. */
import { invalidArgument } from "./errors";

const defaultSize = 20;
const largestSize = 100;

/** `pageNumber` and `pageSize`, answered with `totalCount`. */
export function numberedPage<K extends string, T>(query: URLSearchParams, name: K, items: readonly T[]) {
  const pageSize = sizeOf(query);
  const pageNumber = unsigned(query, "pageNumber") || 1;
  const page = { [name]: items.slice((pageNumber - 1) * pageSize, pageNumber * pageSize) } as Record<K, T[]>;
  return { ...page, totalCount: items.length, pageNumber, pageSize };
}

/** `pageToken` and `pageSize`, answered with the next token: empty on the last page. */
export function tokenPage<K extends string, T>(query: URLSearchParams, name: K, items: readonly T[]) {
  const pageSize = sizeOf(query);
  const token = query.get("pageToken") ?? "";
  const text = Buffer.from(token, "base64url").toString();
  if (token !== "" && !/^\d{1,9}$/.test(text)) throw invalidArgument("pageToken is invalid");
  const start = Number(text);
  const end = start + pageSize;
  const page = { [name]: items.slice(start, end) } as Record<K, T[]>;
  return { ...page, pageToken: end < items.length ? Buffer.from(String(end)).toString("base64url") : "", pageSize };
}

/** A number in the query, 0 when absent, refused in the gateway's words. */
export function unsigned(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  if (text === "") return 0;
  if (!/^\d{1,9}$/.test(text))
    throw invalidArgument(
      `type mismatch, parameter: ${name}, error: strconv.ParseInt: parsing "${text}": invalid syntax`,
    );
  return Number(text);
}

function sizeOf(query: URLSearchParams): number {
  return Math.min(unsigned(query, "pageSize") || defaultSize, largestSize);
}
