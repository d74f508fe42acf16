import type { Problems } from "../../errors";

/** Slurm's own limit. */
const longest = 40;

/** The name of a Slurm cluster on Kubernetes. */
export function checkSlurmName(path: string, name: string, problems: Problems): void {
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name))
    problems.add(
      path,
      `"${name}" must have lowercase letters, numbers and dashes only, start with a letter and have no trailing dash: it is a Slurm cluster's name too`,
    );
  else if (name.length > longest)
    problems.add(path, `"${name}" has ${name.length} characters, and a Slurm cluster's name has ${longest} at most`);
}
