/** What Helm notes of a release: a Secret for each revision. Pure. */
import { gunzipSync, gzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject, ListQuery, ObjectReference } from "./api";

export interface HelmRecord extends KubernetesObject {
  data?: { release?: string };
}

/** Of one release. */
export function recordsOf({ namespace, name }: { namespace: string; name: string }): ListQuery {
  return { apiVersion: "v1", kind: "Secret", namespace, labelSelector: `owner=helm,name=${name}` };
}

/** `pending-install`, `deployed`, `failed`, … */
export function statusOf({ metadata }: HelmRecord): string {
  return metadata.labels?.["status"] ?? "";
}

export function revisionOf({ metadata }: HelmRecord): number {
  return Number(metadata.labels?.["version"] ?? 0);
}

/** Operations that began. */
export function isPending(record: HelmRecord): boolean {
  return statusOf(record).startsWith("pending-");
}

/** By Pulumi's provider: `pulumi-kubernetes`, `pulumi-resource-kubernetes`. Helm's own program calls itself `helm`. */
export function isPulumis({ metadata }: HelmRecord): boolean {
  const writers = (metadata["managedFields"] ?? []) as { manager?: string }[];
  return writers.length > 0 && writers.every(({ manager }) => manager?.startsWith("pulumi") === true);
}

/** A merge patch by which an operation has failed: only as the record is now. */
export function asFailed(record: HelmRecord): object {
  // As text: Go's numbers may be longer than ours. What Helm notes of itself comes first.
  const text = contentOf(record).replace(/"status":"pending-[a-z]+"/, '"status":"failed"');
  const { info } = JSON.parse(text) as { info?: { status?: string } };
  if (info?.status !== "failed") throw new Error(`${record.metadata.name} is no record of an operation of Helm's`);
  const release = Buffer.from(gzipSync(text).toString("base64")).toString("base64");
  const { resourceVersion } = record.metadata;
  return { metadata: { resourceVersion, labels: { status: "failed" } }, data: { release } };
}

/** What a release consists of, the last first. */
export function objectsOf(record: HelmRecord): ObjectReference[] {
  const { manifest = "", namespace } = JSON.parse(contentOf(record)) as { manifest?: string; namespace?: string };
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as Partial<KubernetesObject> | null);
  return objects.reverse().flatMap((object) => {
    const { apiVersion, kind, metadata } = object ?? {};
    if (apiVersion === undefined || kind === undefined || metadata?.name === undefined) return [];
    if (metadata.annotations?.["helm.sh/resource-policy"] === "keep") return [];
    const place = metadata.namespace ?? namespace;
    return [{ apiVersion, kind, name: metadata.name, ...(place !== undefined && { namespace: place }) }];
  });
}

function contentOf({ metadata, data }: HelmRecord): string {
  if (data?.release === undefined) throw new Error(`the Secret ${metadata.name} has no release in it`);
  return gunzipSync(Buffer.from(Buffer.from(data.release, "base64").toString("utf8"), "base64")).toString("utf8");
}
