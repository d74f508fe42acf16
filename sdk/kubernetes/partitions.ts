/** What GPUs can be partitioned into. Pure. */

/**
 * Whether GPUs of the model certainly have no partitions, by whatever name a cloud gives it: `L40S`, `L40S (compute mode)`, `RTX A6000`.
 * Reference: NVIDIA's Multi-Instance GPU user guide, "Supported GPUs".
 */
export function hasNoPartitions(model: string): boolean {
  return /^(K80|M60|P100|V100|T4g?|A10G?|A40|L4|L40S?|RTX A\d000)( \(.*\))?$/.test(model);
}

/** GPUs that are partitioned alike. */
interface Kind {
  readonly model: RegExp;
  /** Parts that it has. */
  readonly computing: number;
  readonly memory: number;
  /** How many of those of its memory a partition takes, by its size. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The memory of its partitions in GB. */
function sevenths(model: RegExp, [eighth, quarter, half, all]: readonly [number, number, number, number]): Kind {
  const sizes = {
    [`1g.${eighth}gb`]: 1,
    [`1g.${eighth}gb+me`]: 1,
    [`1g.${quarter}gb`]: 2,
    [`2g.${quarter}gb`]: 2,
    [`3g.${half}gb`]: 4,
    [`4g.${half}gb`]: 4,
    [`7g.${all}gb`]: 8,
  };
  return { model, computing: 7, memory: 8, sizes };
}

function quarters(model: RegExp, sizes: Kind["sizes"]): Kind {
  return { model, computing: 4, memory: 4, sizes };
}

/**
 * A model whose name leaves open how much memory it has is of several kinds; the 480 GB of a GH200 are its processor's. Reference: NVIDIA's
 * Multi-Instance GPU user guide, "Supported MIG Profiles", and deployments/systemd/config-default.yaml of NVIDIA/mig-parted.
 */
const kinds: readonly Kind[] = [
  quarters(/\bA30\b/, { "1g.6gb": 1, "1g.6gb+me": 1, "2g.12gb": 2, "2g.12gb+me": 2, "4g.24gb": 4 }),
  sevenths(/\bA[18]00\b(?!.*80 ?GB)/, [5, 10, 20, 40]),
  sevenths(/\bA[18]00\b(?!.*40 ?GB)/, [10, 20, 40, 80]),
  sevenths(/\bH[18]00\b(?!.*(NVL|9[46] ?GB))/, [10, 20, 40, 80]),
  sevenths(/\bH[18]00\b(?!.*(80|96) ?GB)/, [12, 24, 47, 94]),
  sevenths(/\b(H[18]00|H20|GH200)\b(?!.*(NVL|(?<!\d)80 ?GB|94 ?GB|144 ?GB))/, [12, 24, 48, 96]),
  sevenths(/\bGH200\b(?!.*96 ?GB)/, [18, 36, 72, 144]),
  sevenths(/\bH200\b/, [18, 35, 71, 141]),
  sevenths(/\bB200\b/, [23, 45, 90, 180]),
  // Drivers differ in how much of it they keep.
  sevenths(/\bGB200\b/, [23, 47, 93, 186]),
  sevenths(/\bGB200\b/, [24, 47, 95, 189]),
  sevenths(/\bB300\b/, [34, 67, 135, 269]),
  sevenths(/\bGB300\b/, [35, 70, 139, 278]),
  quarters(/\bRTX PRO (Server )?6000\b/, {
    "1g.24gb": 1,
    "1g.24gb+me": 1,
    "1g.24gb+gfx": 1,
    "1g.24gb+me.all": 1,
    "1g.24gb-me": 1,
    "2g.48gb": 2,
    "2g.48gb+gfx": 2,
    "2g.48gb+me.all": 2,
    "2g.48gb-me": 2,
    "4g.96gb": 4,
    "4g.96gb+gfx": 4,
  }),
];

/** Why a GPU of the model cannot be partitioned so. Undefined: it can, or this release does not know the model. */
export function partitionsProblem(model: string, partitions: Readonly<Record<string, number>>): string | undefined {
  const candidates = kinds.filter((kind) => kind.model.test(model));
  if (candidates.length === 0) return undefined;
  const wanted = Object.keys(partitions);
  const known = new Set(candidates.flatMap(({ sizes }) => Object.keys(sizes)));
  const strange = wanted.filter((size) => !known.has(size));
  if (strange.length > 0)
    return `${strange.join(", ")} ${strange.length === 1 ? "is no size" : "are no sizes"} of ${model}, which has ${[...known].join(", ")}`;
  const able = candidates.filter(({ sizes }) => wanted.every((size) => size in sizes));
  if (able.length === 0)
    return `${wanted.join(", ")} are not of one ${model}, but of such with more and with less memory`;
  const excess = able.map((kind) => excessOf(kind, partitions));
  return excess.includes(undefined) ? undefined : `take more than one ${model} has: ${excess[0]}`;
}

function excessOf(
  { computing, memory, sizes }: Kind,
  partitions: Readonly<Record<string, number>>,
): string | undefined {
  const sum = (of: (size: string) => number) =>
    Object.entries(partitions).reduce((total, [size, count]) => total + of(size) * count, 0);
  const [slices, parts] = [sum((size) => Number.parseInt(size, 10)), sum((size) => sizes[size]!)];
  if (slices > computing) return `${slices} slices of computing, of ${computing}`;
  return parts > memory ? `${parts} parts of its memory, of ${memory}` : undefined;
}
