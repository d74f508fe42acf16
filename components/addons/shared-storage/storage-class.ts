import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import type * as pulumi from "../../../sdk/pulumi";
import { sharedStorageClass } from "./place";

export interface ClassOptions {
  provisioner: string;
  parameters?: Record<string, pulumi.Input<string>>;
  mountOptions?: string[];
  /** What of it stays as it is where there is one. */
  keeps?: string[];
}

/** Claims are answered at once: no node need be chosen, since all of them reach the data. A claim that is deleted takes its volume along, of which EFS keeps the files. */
export function sharedClass(
  name: string,
  { provisioner, parameters, mountOptions, keeps }: ClassOptions,
  options: pulumi.CustomResourceOptions,
): StorageClass {
  return new StorageClass(
    name,
    {
      metadata: { name: sharedStorageClass },
      provisioner,
      parameters,
      mountOptions,
      volumeBindingMode: "Immediate",
      reclaimPolicy: "Delete",
    },
    // A class cannot be changed, and its name is the contract.
    { ...options, deleteBeforeReplace: true, ...(keeps && { ignoreChanges: keeps }) },
  );
}
