/** A mount or a path, as a part of an address: its slashes stay. */
export function segments(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
