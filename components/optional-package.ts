import * as pulumi from "../sdk/pulumi";

/**
 * Loads what only some clouds need. Such packages are optional, because the engine downloads the plugin of each one that is installed,
 * whether the program imports it or not.
 * @param install what `npm install` takes: the package with its major
 */
export function requirePackage(cloud: string, install: string, load: () => unknown): void {
  try {
    load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new pulumi.RunError(
      `${cloud} needs a package that is not installed beside pulumi-gpu-clusters: npm install ${install}`,
    );
  }
}
