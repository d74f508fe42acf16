/** Apart, so that it can be loaded on demand by name: a CommonJS module that is loaded so has its exports in other places. */
export { main } from "@pulumi/pulumi/provider/server";
