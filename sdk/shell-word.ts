/** A text as one word of a POSIX shell: for commands that are shown to be copied, with names that somebody else may have chosen. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
