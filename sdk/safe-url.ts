/** Whether credentials may go there: encrypted, or to this computer. */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(127\.|localhost$|\[::1\]$)/.test(hostname));
}
