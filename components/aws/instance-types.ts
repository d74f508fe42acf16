/** What an instance type's name tells. Pure; whether and where a type is offered is asked of AWS at preview. */

export const instanceTypePattern =
  /^[a-z][a-z0-9-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|metal|\d*xlarge|metal-\d+xl)$/;

/** NVIDIA GPUs by family and size; `*` is every other size of the family (EC2 user guide, "Accelerated computing"). */
const gpusByFamily: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  p3: { "2xlarge": 1, "8xlarge": 4, "16xlarge": 8 },
  p3dn: { "*": 8 },
  p4d: { "*": 8 },
  p4de: { "*": 8 },
  p5: { "4xlarge": 1, "*": 8 },
  p5e: { "*": 8 },
  p5en: { "*": 8 },
  "p6-b200": { "*": 8 },
  "p6-b300": { "*": 8 },
  "p6e-gb200": { "*": 4 },
  "p6e-gb300": { "*": 4 },
  g4dn: { "12xlarge": 4, metal: 8, "*": 1 },
  g5: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8, "*": 1 },
  g5g: { "16xlarge": 2, metal: 2, "*": 1 },
  g6: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8, "*": 1 },
  g6e: { "12xlarge": 4, "24xlarge": 4, "48xlarge": 8, "*": 1 },
  // A part of one, which a node offers as one.
  g6f: { "*": 1 },
  gr6: { "*": 1 },
  gr6f: { "*": 1 },
  g7: { "12xlarge": 2, "24xlarge": 4, "48xlarge": 8, "*": 1 },
  g7e: { "12xlarge": 2, "24xlarge": 4, "48xlarge": 8, "*": 1 },
};

/** With GPUs older than Turing, which NVIDIA's open kernel modules leave out. */
export const withoutOpenDriver = /^(p2|p3|p3dn|g3|g3s)\./;

/** With parts of a GPU, for which NVIDIA has another driver. */
export const withGridDriver = /^(g6f|gr6f)\./;

/** Zero for types without NVIDIA GPUs, and for families that came after this release: `gpus` of a group says it then. */
export function gpusOf(instanceType: string): number {
  const [family = "", size = ""] = instanceType.split(".");
  const sizes = gpusByFamily[family];
  return sizes?.[size] ?? sizes?.["*"] ?? 0;
}

const modelByFamily: Readonly<Record<string, string>> = {
  ...{
    p3: "V100",
    p4d: "A100",
    p4de: "A100 80GB",
    p5: "H100",
    p5e: "H200",
    p5en: "H200",
    "p6-b200": "B200",
    "p6-b300": "B300",
  },
  ...{ "p6e-gb200": "GB200", "p6e-gb300": "GB300", g4dn: "T4", g5: "A10G", g5g: "T4g", g6: "L4", g6f: "L4" },
  ...{ gr6: "L4", gr6f: "L4", g6e: "L40S", g7: "RTX PRO 4500", g7e: "RTX PRO 6000", p3dn: "V100" },
};

/** Of the GPUs; undefined where the name does not tell. */
export function gpuModelOf(instanceType: string): string | undefined {
  return modelByFamily[instanceType.split(".")[0]!];
}

/** Families with AWS's own processors have a `g` after their number: c7g, m6gd, g5g. */
export function architectureOf(instanceType: string): "x86_64" | "arm64" {
  return /^(a1|[a-z]+\d+[a-z]*g[a-z]*|p6e-gb\d+)(-[a-z]+)?\./.test(instanceType) ? "arm64" : "x86_64";
}
