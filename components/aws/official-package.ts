/** Imported before anything of `@pulumi/aws` is, so that its absence is told in words. */
import { requirePackage } from "../optional-package";

// eslint-disable-next-line @typescript-eslint/no-require-imports
requirePackage("AwsCluster", "@pulumi/aws@7", () => require("@pulumi/aws/package.json") as unknown);
