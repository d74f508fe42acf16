/** Imported before anything of `@pulumi/command` is, so that its absence is told in words. */
import { requirePackage } from "../optional-package";

// With its major: what npm calls the latest is a stray 4.5.0.
// eslint-disable-next-line @typescript-eslint/no-require-imports
requirePackage("MithrilCluster", "@pulumi/command@1", () => require("@pulumi/command/package.json") as unknown);
