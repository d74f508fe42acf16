/** What an update says where somebody deleted what it should change: only a refresh takes it out of the state, and so makes it anew. */
export function goneByHand(what: string, options?: ErrorOptions): Error {
  return new Error(`${what}; run \`pulumi refresh\`, then \`pulumi up\` makes it again`, options);
}
