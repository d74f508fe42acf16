/** A VM's inputs: what is wrong with them, and what a change of them means. */
import type * as pulumi from "../../../sdk/pulumi";
import { isDeepStrictEqual } from "node:util";
import type { ChangePlan, CheckFailure, ResourceContext, ResourceState, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { cudoId } from "../../../sdk/cudo/ids";
import { matchesImage } from "../images";
import { capacityProblem, checkNodeShape, demandOfOne, knownShape } from "../node-shape";
import { reservedKeys } from "../ownership";
import type { VmArgs } from "../../../sdk/cudo/vm";
import { isLeaving } from "../vm-state";
import { known, sameSet, type Fields } from "../../cloud/inputs";
import { knownList } from "../../cloud/inputs";
import { unlessStanding } from "../../cloud/standing";
import { checkMachineVault } from "../../vault/checks";
import { checkId, checkSshKeys, shapeFields, withCatalogue } from "./inputs";

export type VmInputs = pulumi.Unwrap<VmArgs>;

export interface VmOutputs {
  vmId: string;
  diskSizeGib: number;
  imageId: string;
  gpuModel: string;
  internalIpAddress: string;
  externalIpAddress: string;
  providerId: string;
  state: string;
  createdAt: string;
}

/** The state of a VM with an encrypted disk that is no longer at Cudo. */
export const gone = "DELETED";

/** Of a VM that is made in its place. */
const newOutputs = ["internalIpAddress", "externalIpAddress", "state", "createdAt", "imageId"];

/** Beyond it, start scripts are known to be refused (reference: Cudo, "Start script"; no official limit). */
const longestScript = 16 * 1024;

export async function checkVm(
  given: Unknowable<VmInputs>,
  context: ResourceContext,
  before?: VmInputs,
): Promise<CheckFailure[]> {
  const inputs = given as Fields<VmInputs>;
  const failures = [
    ...checkId("vmId", inputs.vmId),
    ...checkSshKeys(inputs, before),
    ...checkMachineVault(inputs.vault, before?.vault),
  ];
  for (const key of reservedKeys) {
    if (inputs.metadata && !isUnknown(inputs.metadata) && key in inputs.metadata) {
      failures.push({ property: `metadata["${key}"]`, reason: "this key is set by the provider itself" });
    }
  }
  if (hasNics(inputs) && !isUnknown(inputs.securityGroupIds) && inputs.securityGroupIds?.length) {
    failures.push({
      property: "securityGroupIds",
      reason: "Cudo ignores it when nics are given: put it into nics[0].securityGroupIds",
    });
  }
  if (inputs.vaultScript !== undefined && inputs.vault === undefined) {
    failures.push({
      property: "vault",
      reason: "is required with vaultScript: it says which Vault the script is put into",
    });
  }
  const script = known(inputs.startScript);
  if (script !== undefined && Buffer.byteLength(script) > longestScript) {
    context.log.warn(
      `startScript has ${Buffer.byteLength(script)} bytes; Cudo is known to refuse scripts of more than ${longestScript}`,
    );
  }
  const shape = knownShape(inputs);
  const offered = await withCatalogue(context, async (catalogue, { api }) => {
    const vmId = inputs.vmId === undefined ? cudoId(context.name) : known(inputs.vmId);
    const found = checkNodeShape(shape, catalogue);
    const shapeFailures = unlessStanding(found, { before, inputs, fields: shapeFields, log: context.log });
    // A VM keeps the image that it has when Cudo no longer offers that; it also needs no free capacity.
    const exists = async () => {
      const vm = vmId === undefined ? undefined : await api.vms.find(vmId, context.signal);
      return vm !== undefined && !isLeaving(vm);
    };
    const demand = demandOfOne(shape, catalogue);
    if (demand === undefined) return shapeFailures;
    const publicAddresses = wantsPublicAddress(inputs) ? 1 : 0;
    const shortage = capacityProblem({ ...demand, publicAddresses, count: 1 }, catalogue);
    const imageGone = shapeFailures.some(({ property }) => property === "image");
    if ((shortage || imageGone) && (await exists())) {
      return shapeFailures.filter(({ property }) => property !== "image");
    }
    return shortage && shapeFailures.length === 0 ? [shortage] : shapeFailures;
  });
  return [...failures, ...offered];
}

function hasNics({ nics }: Fields<VmInputs>): boolean {
  return nics !== undefined && !isUnknown(nics) && nics.length > 0;
}

function wantsPublicAddress(inputs: Fields<VmInputs>): boolean {
  const { nics } = inputs;
  if (nics === undefined || isUnknown(nics)) return nics === undefined;
  return nics.length === 0 || nics.some((nic) => !isUnknown(nic) && nic.assignPublicIp === true);
}

export function planVm(
  { inputs: old, outputs }: ResourceState<VmInputs, VmOutputs>,
  given: Unknowable<VmInputs>,
): ChangePlan {
  const inputs = given as Fields<VmInputs>;
  const ignores: string[] = [];
  const replaces: string[] = [];
  const id = old.vmId ?? outputs.vmId;
  const sameId = inputs.vmId === undefined || inputs.vmId === id;
  if (sameId) ignores.push("vmId");

  const image = known(inputs.image);
  if (image !== undefined && outputs.imageId !== undefined && matchesImage(image, outputs.imageId))
    ignores.push("image");
  else replaces.push("image");

  const size = known(inputs.diskSizeGib);
  const oldSize = old.diskSizeGib ?? outputs.diskSizeGib;
  if (inputs.diskSizeGib === undefined || size === oldSize) ignores.push("diskSizeGib");
  else if (size !== undefined && oldSize !== undefined && size < oldSize) replaces.push("diskSizeGib");

  if (nicsReplace(old.nics ?? [], inputs.nics)) replaces.push("nics");
  for (const key of ["securityGroupIds", "storageDiskIds", "customSshKeys"] as const) {
    const wanted = inputs[key] === undefined ? [] : knownList(inputs[key] as Unknowable<string[]>);
    if (wanted && sameSet(old[key] ?? [], wanted)) ignores.push(key);
  }
  return {
    ignores,
    replaces,
    ...(outputs.state === gone && { outputs: newOutputs }),
    deleteBeforeReplace: sameId || isUnknown(inputs.vmId),
  };
}

type Nic = NonNullable<VmInputs["nics"]>[number];

/** Cudo attaches security groups to VMs, not to interfaces: with one interface that is the same. Nothing else of one can change. */
function nicsReplace(old: readonly Nic[], wanted: Fields<VmInputs>["nics"]): boolean {
  if (isUnknown(wanted)) return true;
  const nics = (wanted ?? []) as Unknowable<Nic>[];
  const place = (nic: Unknowable<Nic>) =>
    isUnknown(nic) ? nic : { networkId: nic.networkId, assignPublicIp: nic.assignPublicIp ?? false };
  if (!isDeepStrictEqual(old.map(place), nics.map(place))) return true;
  return nics.length > 1 && !isDeepStrictEqual(old, nics);
}

/** The groups that the VM shall be in, wherever the program says so. */
export function securityGroupsOf({ nics, securityGroupIds }: VmInputs): string[] {
  return nics?.length ? [...new Set(nics.flatMap((nic) => nic.securityGroupIds ?? []))] : (securityGroupIds ?? []);
}
