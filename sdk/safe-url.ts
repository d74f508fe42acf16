/** Whether credentials may go there: encrypted, or to this computer. */
export function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(127\.|localhost$|\[::1\]$)/.test(hostname));
}

/** Why credentials may not go there, undefined where they may. What may have a password in it is not shown. */
export function unsafeUrlProblem(url: string, example: string): string | undefined {
  if (url.includes("@")) return `must be an address alone, without user and password, such as ${example}`;
  return isSafeUrl(url)
    ? undefined
    : `"${url}" must be an https URL such as ${example} (http on this computer only): credentials go there`;
}
