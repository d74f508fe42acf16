import { record, records, text } from "../cloud/json";
import { MithrilApiError } from "./errors";

/** The largest page that Mithril allows. */
const pageSize = 100;

/** All items of a list that comes in pages of `{data, next_cursor}`. A cursor that comes twice would never end: that is an error. */
export async function allPages<T>(
  request: string,
  read: (query: { limit: number; next_cursor?: string }) => Promise<unknown>,
  decode: (json: Record<string, unknown>) => T,
): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = record(await read({ limit: pageSize, ...(cursor === undefined ? {} : { next_cursor: cursor }) }));
    items.push(...records(page.data).map(decode));
    cursor = text(page.next_cursor) || undefined;
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
