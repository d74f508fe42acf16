/**
 * The part of the Pulumi SDK that this package uses. The SDK's root also loads a TypeScript compiler and npm's dependency solver, for
 * closures that are turned into text: almost a second of each preview, and none of ours needs it.
 */
import "./masked-debug";
export * from "@pulumi/pulumi/config";
export * from "@pulumi/pulumi/errors";
export * as log from "@pulumi/pulumi/log";
export * from "@pulumi/pulumi/metadata";
export * from "@pulumi/pulumi/output";
export * from "@pulumi/pulumi/resource";
export type * from "@pulumi/pulumi/invoke";
export { invoke, invokeOutput } from "@pulumi/pulumi/runtime/invoke";
export { isDryRun } from "@pulumi/pulumi/runtime/settings";
