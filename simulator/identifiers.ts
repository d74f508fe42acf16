/** Identifiers that a cloud makes up: random per state directory, the same again for the same seed. */
import { createHash } from "node:crypto";

export interface IdentifierSource {
  seed: string;
  counter: number;
}

/** 32 hexadecimal digits, never the same twice from one source. */
export function nextIdentifier(source: IdentifierSource): string {
  source.counter += 1;
  return derived(source.seed, `id-${source.counter}`).slice(0, 32);
}

/** 64 hexadecimal digits that depend on nothing but seed and purpose. */
export function derived(seed: string, purpose: string): string {
  return createHash("sha256").update(`${seed}\n${purpose}`).digest("hex");
}
