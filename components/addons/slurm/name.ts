import { longestName } from "../../../sdk/names";
import type { Problems } from "../../errors";

/** Slurm's own limit. */
const longest = 40;

/** Words that the chart's template, which has the name without quotes, makes something else of. */
const yamlWords = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/** The name of a Slurm cluster on Kubernetes. */
export function checkSlurmName(path: string, name: string, problems: Problems): void {
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name))
    problems.add(
      path,
      `"${name}" must have lowercase letters, numbers and dashes only, start with a letter and have no trailing dash: it is a Slurm cluster's name too`,
    );
  else if (name.length > longest)
    problems.add(path, `"${name}" has ${name.length} characters, and a Slurm cluster's name has ${longest} at most`);
  else if (yamlWords.includes(name))
    problems.add(path, `"${name}" is no name to YAML, in which Slurm's chart writes it: choose another`);
}

/** What Slinky puts before a group's name; the whole is a label's value on pods. */
const nodeSetPrefix = "slurm-worker-";
const longestGroup = longestName - nodeSetPrefix.length;

/** Names that are a partition's of ours, or mean something else in slurm.conf, which takes no notice of capitals. */
const reserved = ["all", "default"];

/**
 * The names of groups, each of which becomes a partition and one of Slurm's sets of nodes, which it calls `<name>-0`, `<name>-1` and so on; undefined
 * where one has no nodes for jobs. `pathOf` is that of the name at an index.
 */
export function checkSlurmGroups(
  names: readonly (string | undefined)[],
  pathOf: (index: number) => string,
  problems: Problems,
): void {
  names.forEach((name, index) => {
    if (name === undefined) return;
    checkSlurmGroup(pathOf(index), name, problems);
    const [, other] = /^(.+)-\d+$/.exec(name) ?? [];
    if (other !== undefined && names.includes(other))
      problems.add(
        pathOf(index),
        `"${name}" is what Slurm calls a node of the group "${other}": name the group otherwise`,
      );
  });
}

function checkSlurmGroup(path: string, name: string, problems: Problems): void {
  if (reserved.includes(name))
    problems.add(
      path,
      `"${name}" cannot be a partition of Slurm's, where it means something else: name the group otherwise`,
    );
  else if (name.length > longestGroup)
    problems.add(
      path,
      `"${name}" has ${name.length} characters, and a group of Slurm's nodes has ${longestGroup} at most`,
    );
}
