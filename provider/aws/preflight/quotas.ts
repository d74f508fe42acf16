/** vCPU quotas: each counts the vCPUs of some families, on-demand and spot apart. */
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { CapacityType } from "../../../sdk/aws/allocation";

export interface Quota {
  /** Service Quotas' own name of the service. */
  readonly service: "ec2" | "vpc";
  readonly code: string;
  readonly name: string;
}

/** Counts vCPUs. */
export interface VcpuQuota extends Quota {
  readonly service: "ec2";
}

interface QuotaClass {
  /** Families, by the beginning of the instance type. */
  readonly families: RegExp;
  readonly onDemand: VcpuQuota;
  readonly spot: VcpuQuota;
}

const standard = "Standard (A, C, D, H, I, M, R, T, Z)";

function quotaClass(families: RegExp, onDemand: [string, string], spot: [string, string]): QuotaClass {
  const quota = ([code, name]: [string, string]) => ({ service: "ec2", code, name }) as const;
  return { families, onDemand: quota(onDemand), spot: quota(spot) };
}

/** Reference: EC2 user guide, "Instance type quotas". The first that matches counts. */
const classes: readonly QuotaClass[] = [
  quotaClass(
    /^p[56]/,
    ["L-417A185B", "Running On-Demand P instances"],
    ["L-C4BD4855", "All P5 Spot Instance Requests"],
  ),
  quotaClass(
    /^p\d/,
    ["L-417A185B", "Running On-Demand P instances"],
    ["L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests"],
  ),
  quotaClass(
    /^(gr?\d|vt\d)/,
    ["L-DB2E81BA", "Running On-Demand G and VT instances"],
    ["L-3819A6DF", "All G and VT Spot Instance Requests"],
  ),
  quotaClass(
    /^trn/,
    ["L-2C3B7624", "Running On-Demand Trn instances"],
    ["L-6B0D517C", "All Trn Spot Instance Requests"],
  ),
  quotaClass(
    /^inf/,
    ["L-1945791B", "Running On-Demand Inf instances"],
    ["L-B5D1601B", "All Inf Spot Instance Requests"],
  ),
  quotaClass(/^dl/, ["L-6E869C2A", "Running On-Demand DL instances"], ["L-85EED4F7", "All DL Spot Instance Requests"]),
  quotaClass(/^f\d/, ["L-74FC7D96", "Running On-Demand F instances"], ["L-88CF9481", "All F Spot Instance Requests"]),
  quotaClass(/^x\d/, ["L-7295265B", "Running On-Demand X instances"], ["L-E3A00192", "All X Spot Instance Requests"]),
  quotaClass(
    /^(a|c|d|h|i|im|is|m|r|t|z)\d/,
    ["L-1216C47A", `Running On-Demand ${standard} instances`],
    ["L-34B43A08", `All ${standard} Spot Instance Requests`],
  ),
];

/** Undefined for families without a vCPU quota of their own that we know. */
export function quotaOf(instanceType: string, capacityType: CapacityType): VcpuQuota | undefined {
  const found = classes.find(({ families }) => families.test(instanceType));
  return capacityType === "spot" ? found?.spot : found?.onDemand;
}

/** What the account may have under the quota, in the client's region. */
export async function readQuota(
  client: ServiceQuotasClient,
  { service, code }: Quota,
  signal: AbortSignal,
): Promise<number> {
  const command = new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code });
  const { Quota } = await client.send(command, { abortSignal: signal });
  return Quota?.Value ?? 0;
}
