import { object, objects, text, type Json } from "../cloud/json";
import { MithrilApiError } from "./errors";

/** The largest page that Mithril allows. */
const pageSize = 100;

interface Page<T> {
  items: T[];
  next: string | undefined;
}

/** All items of a list that comes in pages of `{data, next_cursor}`. A cursor that comes twice would never end: that is an error. */
export async function allPages<T>(
  request: string,
  read: (query: { limit: number; next_cursor?: string }, decodePage: (json: unknown) => Page<T>) => Promise<Page<T>>,
  decode: (json: Json) => T,
): Promise<T[]> {
  const decodePage = (json: unknown): Page<T> => {
    const { data, next_cursor: next } = object(json, "the answer");
    return { items: objects(data, "data").map(decode), next: text(next) || undefined };
  };
  const items: T[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const query = { limit: pageSize, ...(cursor === undefined ? {} : { next_cursor: cursor }) };
    const page = await read(query, decodePage);
    items.push(...page.items);
    cursor = page.next;
    if (cursor !== undefined && seen.has(cursor)) {
      throw new MithrilApiError({
        request,
        httpStatus: 200,
        cloudMessage: `the list does not end: cursor "${cursor}" came twice`,
        kind: "unavailable",
      });
    }
    if (cursor !== undefined) seen.add(cursor);
  } while (cursor !== undefined);
  return items;
}
