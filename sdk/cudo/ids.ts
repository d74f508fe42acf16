/** Ids of Cudo objects: 1 to 30 lower-case letters, digits and hyphens, starting with a letter (reference: Cudo, console rules). Pure. */
import { createHash } from "node:crypto";

export const longestId = 30;

const validId = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/;

/** Undefined when it is right. */
export function idProblem(id: string): string | undefined {
  return validId.test(id)
    ? undefined
    : `"${id}" must have 1 to ${longestId} lower-case letters, digits and hyphens, start with a letter and not end with a hyphen; "${cudoId(id)}" would do`;
}

/** A name as an id: the name itself where it is one, else the nearest id; shortened names end in a hash, so that they stay different. */
export function cudoId(name: string): string {
  const id = slug(name);
  return id.length <= longestId ? id : withHash(id, name, longestId);
}

/** Room for `-999` after the base. */
const longestBase = longestId - 4;

/**
 * Id of a node group's machine, `<prefix>-<group>-<ordinal>`. Different (prefix, group, ordinal) have different ids: where the plain form is
 * too long, or could be read as another prefix and group (`a-b` and `c`, `a` and `b-c`), a hash of both stands before the ordinal.
 */
export function memberId(prefix: string, group: string, ordinal: number): string {
  return `${memberBase(prefix, group)}-${ordinal}`;
}

/** Undefined when it is not the id of one of the group's machines. */
export function memberOrdinal(prefix: string, group: string, id: string): number | undefined {
  const base = `${memberBase(prefix, group)}-`;
  const rest = id.startsWith(base) ? id.slice(base.length) : "";
  return /^(0|[1-9]\d{0,2})$/.test(rest) ? Number(rest) : undefined;
}

function memberBase(prefix: string, group: string): string {
  const plain = `${prefix}-${group}`;
  const unambiguous = !prefix.includes("-") && validId.test(plain) && plain.length <= longestBase;
  return unambiguous ? plain : withHash(slug(plain), JSON.stringify([prefix, group]), longestBase);
}

function slug(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return /^[a-z]/.test(id) ? id : `x${id && `-${id}`}`;
}

function withHash(id: string, whole: string, longest: number): string {
  // Six characters of base 36: about 31 bits.
  const hash = (createHash("sha256").update(whole).digest().readUInt32BE(0) % 36 ** 6).toString(36).padStart(6, "0");
  return `${id.slice(0, longest - 7).replace(/-+$/, "")}-${hash}`;
}
