/** What Modelplane's API admits of an InferenceClass, and no driver or cloud can keep. Pure. */
import { quantityOf } from "../../sdk/kubernetes/quantity";
import { Problems } from "../errors";
import { ownersIn } from "../addons/one-of-a-kind";
import { checkCluster } from "../handles";
import { known } from "../inputs";
import { bySchema } from "../schema-check";
import { checkBetween, checkCopiedName, checkLabel, checkLength, checkObjectName, isCopied } from "../value-checks";
import type { DeviceArgs, InferenceClassArgs, ProvisioningArgs } from "./args";
import { knownModels, nvidiaCapacities, nvidiaDriver, publishedOf, type GpuArgs } from "./gpus";
import { ownInferenceClass } from "./names";

export function checkInferenceClass(name: string, given: InferenceClassArgs): Problems {
  const problems = new Problems();
  const args = bySchema("gpu-clusters:modelplane:InferenceClass", given, problems);
  checkCluster("controlPlane", args.controlPlane, problems);
  const { gpus, devices, provisioning } = args;
  const { className = name } = args;
  checkLabel("className", className, problems);
  ownersIn(args.controlPlane).check([ownInferenceClass(className)], problems);
  const isRefused = problems.isRefused("gpus") || problems.isRefused("devices");
  if ((gpus === undefined) === (devices === undefined) && !isRefused)
    problems.add("devices", "give either gpus, of a model that is known, or devices");
  const ofModel = known(gpus);
  if (ofModel !== undefined) checkGpus("gpus", ofModel, problems);
  if (devices !== undefined) checkDevices(devices, problems);
  if (provisioning !== undefined) checkProvisioning(provisioning, args, problems);
  return problems;
}

export function checkGpus(path: string, { model, count }: GpuArgs, problems: Problems): void {
  if (model !== undefined && isCopied(model)) checkCopiedName(`${path}.model`, model, problems);
  else if (model !== undefined && publishedOf(model) === undefined)
    problems.add(
      `${path}.model`,
      `what a driver publishes of "${model}" is not known here (known: ${knownModels}): describe it in devices of an InferenceClass`,
    );
  checkBetween(`${path}.count`, count, [1, 64], problems);
}

function checkDevices(devices: readonly DeviceArgs[], problems: Problems): void {
  if (devices.length < 1 || devices.length > 16) problems.add("devices", `must be 1 to 16, are ${devices.length}`);
  devices.forEach((device, index) => {
    const path = `devices[${index}]`;
    const { name, claim = "DRA", deviceClassName, count } = device;
    checkName(`${path}.name`, name, problems);
    if (name !== undefined && devices.findIndex((other) => other.name === name) < index)
      problems.add(`${path}.name`, `"${name}" is another device's`);
    if (claim === "DRA" && !deviceClassName)
      problems.add(`${path}.deviceClassName`, "is required where pods claim it (claim DRA)");
    else checkObjectName(`${path}.deviceClassName`, deviceClassName, problems);
    checkObjectName(`${path}.driver`, device.driver, problems);
    checkBetween(`${path}.count`, count, [1, 64], problems);
    checkAttributes(path, device, problems);
    checkCapacity(path, device, problems);
  });
}

const semanticVersion = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\dA-Za-z.-]+)?(\+[\dA-Za-z.-]+)?$/;

function checkAttributes(path: string, { attributes = {} }: DeviceArgs, problems: Problems): void {
  const entries = Object.entries(attributes);
  if (entries.length > 32) problems.add(`${path}.attributes`, `must be 32 at most, are ${entries.length}`);
  for (const [key, value] of entries) {
    const kinds = Object.values(value).filter((part) => part !== undefined);
    if (kinds.length !== 1 && !problems.isRefused(`${path}.attributes.${key}`))
      problems.add(`${path}.attributes.${key}`, "must have exactly one of string, version, bool, int");
    const { string, version } = value;
    checkCopiedName(`${path}.attributes.${key}.string`, string, problems);
    // Kubernetes compares no other.
    if (version !== undefined && !semanticVersion.test(version))
      problems.add(`${path}.attributes.${key}.version`, `"${version}" must be a semantic version, such as 9.0.0`);
  }
}

function checkCapacity(path: string, device: DeviceArgs, problems: Problems): void {
  const entries = Object.entries(device.capacity ?? {});
  if (entries.length > 32) problems.add(`${path}.capacity`, `must be 32 at most, are ${entries.length}`);
  for (const [key, text] of entries) {
    const at = `${path}.capacity.${key}`;
    const value = quantityOf(text);
    if (value === undefined || value <= 0) {
      problems.add(at, `"${text}" must be a Kubernetes quantity such as 81559Mi`);
    } else if (device.driver !== nvidiaDriver) {
      continue;
    } else if (!(nvidiaCapacities as readonly string[]).includes(key)) {
      problems.add(at, `${nvidiaDriver} publishes no such capacity, but ${nvidiaCapacities.join(", ")}`);
    } else if (key === "memory") {
      checkMemory(at, value, text, device, problems);
    }
  }
}

/** Against the model that the device says it is. */
function checkMemory(at: string, bytes: number, text: string, { attributes }: DeviceArgs, problems: Problems): void {
  const model = attributes?.["productName"]?.string?.replace(/^NVIDIA /, "");
  const most = model === undefined ? undefined : publishedOf(model)?.memoryMib;
  if (most !== undefined && bytes > most * 2 ** 20)
    problems.add(at, `${text} is more than the driver publishes of ${model}, ${most}Mi: no claim would ever be bound`);
  if (most === undefined && bytes % 1e9 === 0)
    problems.add(
      at,
      `${text} is what a GPU is sold as: a driver publishes less, in Mi, such as 81559Mi of an H100 with 80 GB`,
    );
}

/** What a cloud or a driver calls a thing of its own. */
function checkName(path: string, name: string | undefined, problems: Problems): void {
  checkLength(path, name, 63, problems);
  if (name) checkCopiedName(path, name, problems);
}

function checkProvisioning(provisioning: ProvisioningArgs, args: InferenceClassArgs, problems: Problems): void {
  const given = Object.entries(provisioning).filter(([, block]) => block !== undefined);
  if (given.length !== 1) {
    if (problems.isRefused("provisioning")) return;
    problems.add("provisioning", `must have exactly one of eks, gke, aks, nebius, vultr, has ${given.length}`);
    return;
  }
  const [cloud, block] = given[0] as [string, NonNullable<ProvisioningArgs["eks"]>];
  const path = `provisioning.${cloud}`;
  checkBetween(`${path}.diskSizeGb`, block.diskSizeGb, [10, 65_536], problems);
  for (const [field, text] of Object.entries(block))
    if (typeof text === "string") checkName(`${path}.${field}`, text, problems);
  checkName(`${path}.accelerator.type`, block.accelerator?.type, problems);
  const perNode = known(args.gpus)?.count ?? args.devices?.reduce((sum, { count = 1 }) => sum + count, 0);
  const { accelerator } = block;
  if (accelerator === undefined) {
    if (args.gpus === undefined) problems.add(`${path}.accelerator`, "is required, because gpus do not tell it");
    else if (perNode !== undefined && perNode > 16)
      problems.add("gpus.count", `must be 16 at most on ${cloud}, is ${perNode}`);
    return;
  }
  checkBetween(`${path}.accelerator.count`, accelerator.count, [1, 16], problems);
  if (known(args.gpus)?.count !== undefined && accelerator.count !== perNode)
    problems.add(`${path}.accelerator.count`, `is ${accelerator.count}, and gpus.count is ${perNode}`);
}
