/**
 * The part of the Pulumi SDK that this package uses. The SDK's root also loads a TypeScript compiler and npm's dependency solver, for
 * closures that are turned into text: almost a second of each preview, and none of ours needs it.
 */
import { isDryRun as isPreview } from "@pulumi/pulumi/runtime/settings";
import "./masked-debug";
export * from "@pulumi/pulumi/config";
export * from "@pulumi/pulumi/errors";
export * as log from "@pulumi/pulumi/log";
export * from "@pulumi/pulumi/metadata";
export * from "@pulumi/pulumi/output";
export * from "@pulumi/pulumi/resource";
export type * from "@pulumi/pulumi/invoke";
export { invoke, invokeOutput } from "@pulumi/pulumi/runtime/invoke";

/** Said anew, because the module's types bring gRPC's and Node.js's into each type check of a program. */
export const isDryRun: () => boolean = isPreview;
