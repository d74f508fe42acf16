/** The largest page that Cudo's callers are known to ask for. */
const pageSize = 100;
/** Stops a server that never runs out of new pages. */
const mostPages = 1000;

export interface Page<T> {
  items: T[];
  /** Undefined where the answer does not say. */
  totalCount: number | undefined;
}

/**
 * All items of a numbered list. Whether the first page is 0 or 1 is not documented, nor the largest page size: so pages are read until
 * `totalCount` items have come, or a page brings nothing new; if page 1 was the second one, or may have been, page 0 is read at the end.
 */
export async function allPages<T extends { id: string }>(
  read: (pageNumber: number, pageSize: number) => Promise<Page<T>>,
): Promise<T[]> {
  const found = new Map<string, T>();
  let totalCount: number | undefined;
  const isShort = () => totalCount === undefined || found.size < totalCount;
  const take = async (pageNumber: number): Promise<boolean> => {
    const before = found.size;
    const page = await read(pageNumber, pageSize);
    totalCount = page.totalCount;
    for (const item of page.items) found.set(item.id, item);
    return found.size > before && isShort();
  };
  for (let pageNumber = 1; pageNumber <= mostPages; pageNumber++) {
    if (!(await take(pageNumber))) break;
  }
  if (isShort()) await take(0);
  return [...found.values()];
}
