/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message) return error.message;
  // Of a host with several addresses, of which none took a connection: Node.js gives it no words of its own.
  const each = error instanceof AggregateError ? error.errors.map(messageOf) : [];
  return [...new Set(each)].join("; ") || error.name;
}
