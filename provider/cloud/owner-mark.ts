import { createHash } from "node:crypto";

/** What machines and groups carry to show which resource of which stack made them. */
export function ownerMark(owner: string): string {
  return createHash("sha256").update(owner).digest("hex").slice(0, 32);
}
