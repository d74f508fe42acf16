/** Quantities as Kubernetes reads them. Pure. */

const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const decimal = { "": 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const units: Readonly<Record<string, number>> = { ...binary, ...decimal };

/** A Kubernetes quantity as a number; undefined where the text is none. */
export function quantityOf(text: string): number | undefined {
  const [, number, unit, exponent] =
    /^[+-]?(\d+\.?\d*|\.\d+)(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const value = Number(number) * (exponent === undefined ? units[unit ?? ""]! : 10 ** Number(exponent));
  return text.startsWith("-") ? -value : value;
}
