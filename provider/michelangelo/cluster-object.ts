/** The Cluster and its two Secrets, as Michelangelo reads them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ApiServerAddress } from "../../sdk/michelangelo/address";
import {
  credentialSecrets,
  credentialsNamespace,
  registrationKind,
  registrationNamespace,
} from "../../sdk/michelangelo/names";
import type { RegistrationArgs } from "../../sdk/michelangelo/registration";
import type { Unwrap } from "../../sdk/pulumi";
import { isRecord } from "../../sdk/schema/record";
import type { KubernetesObject, ObjectReference } from "../kubernetes/api";
import type { Credentials } from "./access";
import { registrationLabel } from "./tokens";

export type RegistrationInputs = Unwrap<RegistrationArgs>;

/** On the Cluster: which resource made it. */
export const ownerAnnotation = "gpu-clusters/owner";
/** On the token's Secret: which Secret of the compute cluster the token is of. */
export const sourceAnnotation = "gpu-clusters/token-secret";
/** There, too: a hash of the credentials with which Michelangelo was last seen to work. It has these in memory. */
export const inUseAnnotation = "gpu-clusters/in-use";

const dataCenters = { onPremises: "DC_TYPE_ON_PREM", gcp: "DC_TYPE_CLOUD_GCP", oci: "DC_TYPE_CLOUD_OCI" };
const serviceLevels = { production: "SLA_TYPE_PRODUCTION", ephemeral: "SLA_TYPE_EPHEMERAL" };

export function clusterReference(clusterName: string): ObjectReference {
  return { ...registrationKind, namespace: registrationNamespace, name: clusterName };
}

export function clusterObject(inputs: RegistrationInputs, address: ApiServerAddress, owner: string): KubernetesObject {
  const { clusterName, region, zone, dataCenter, serviceLevel, skus = [] } = inputs;
  const { token: tokenTag, authority: caDataTag } = credentialSecrets(clusterName);
  return {
    ...registrationKind,
    metadata: {
      name: clusterName,
      namespace: registrationNamespace,
      labels: { [registrationLabel]: clusterName },
      annotations: { [ownerAnnotation]: owner },
    },
    spec: {
      ...(region !== undefined && { region }),
      ...(zone !== undefined && { zone }),
      ...(dataCenter !== undefined && { dc: dataCenters[dataCenter] }),
      ...(serviceLevel !== undefined && { sla: serviceLevels[serviceLevel] }),
      kubernetes: {
        rest: { ...address, tokenTag, caDataTag },
        // Michelangelo takes sizes as texts.
        skus: skus.map(({ cpus, memoryGib, diskSizeGib, gpus, gpuModel }) => ({
          cpu: cpus,
          memoryGb: String(memoryGib),
          diskSizeGb: String(diskSizeGib),
          ...(gpus !== undefined && { gpu: gpus }),
          ...(gpuModel !== undefined && { gpuSku: gpuModel }),
        })),
      },
    },
  };
}

/** Whether the resource of that mark made the Cluster. */
export function isOf(cluster: KubernetesObject, owner: string): boolean {
  return cluster.metadata.annotations?.[ownerAnnotation] === owner;
}

export function ofSomebodyElse(clusterName: string): string {
  return `Michelangelo's cluster "${clusterName}" is somebody else's by now, who registered it by that name`;
}

export function secretReferences(clusterName: string): { token: ObjectReference; authority: ObjectReference } {
  const { token, authority } = credentialSecrets(clusterName);
  const secret = (name: string) => ({ apiVersion: "v1", kind: "Secret", namespace: credentialsNamespace, name });
  return { token: secret(token), authority: secret(authority) };
}

/** @param source the Secret of the compute cluster that the token is of */
export function credentialObjects(
  clusterName: string,
  { token, authority }: Credentials,
  source: string,
): KubernetesObject[] {
  const references = secretReferences(clusterName);
  const secret = ({ apiVersion, kind, namespace, name }: ObjectReference, key: string, value: string) => ({
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: namespace!,
      labels: { [registrationLabel]: clusterName },
      annotations: { [sourceAnnotation]: source },
    },
    type: "Opaque",
    data: { [key]: base64(value) },
  });
  return [secret(references.authority, "cadata", authority), secret(references.token, "token", token)];
}

/** Whether Michelangelo reads of the object what was written. */
export function isAsWritten(live: KubernetesObject, written: KubernetesObject): boolean {
  return ["spec", "data"].every((part) => holds(live[part], written[part]));
}

/** An API server may add what is not said. */
function holds(live: unknown, written: unknown): boolean {
  if (written === undefined) return true;
  if (!isRecord(written) || !isRecord(live)) return isDeepStrictEqual(live, written);
  return Object.entries(written).every(([key, value]) => holds(live[key], value));
}

/** The address at which a Cluster is registered; undefined where it has none. */
export function addressOf(cluster: KubernetesObject): string | undefined {
  const { kubernetes } = (cluster["spec"] ?? {}) as { kubernetes?: { rest?: Partial<ApiServerAddress> } };
  const { host, port } = kubernetes?.rest ?? {};
  return host === undefined ? undefined : `${host}:${port ?? ""}`;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
