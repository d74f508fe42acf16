import assert from "node:assert/strict";
import fc from "fast-check";
import { awsName, longestNames } from "../../components/aws/names";
import { kubernetesTags } from "../../components/aws/tags";
import { longestClusterName } from "../../components/cluster-checks";
import { controlPlaneFields, groupFields } from "../../components/node-documents";
import { cudoId, longestId, memberId } from "../../sdk/cudo/ids";

const text = (first: string, rest: string, longest: number) =>
  fc.stringMatching(new RegExp(`^[${first}]([${rest}]{0,${longest - 2}}[${first}])?$`));
const cluster = fc.oneof(text("A-Za-z0-9", "A-Za-z0-9-", longestClusterName), fc.constant("c".repeat(128)));
const group = fc.oneof(text("a-z0-9", "a-z0-9-", 63), fc.constant("g".repeat(63)));
const prefix = fc.oneof(fc.constant(""), fc.constant("p".repeat(40)), text("A-Za-z0-9", "A-Za-z0-9-", 40));
const labelValue = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

describe("names that are made of a cluster's", () => {
  it("obey the limits of where they go, for every cluster, group and prefix", () => {
    fc.assert(
      fc.property(cluster, group, prefix, (clusterName, groupName, namePrefix) => {
        const base = `${namePrefix}${clusterName}`;
        const facts = { clusterName, kubernetesVersion: "1.36.3", certificateAuthority: "CA" };
        const marks = { group: groupName, role: "worker" as const, labels: {}, taints: [] };
        const documents = [
          controlPlaneFields(facts),
          groupFields({ ...facts, ...marks, endpoint: "https://10.0.0.1:6443", gpus: 0 }),
        ];
        for (const { labels } of documents) for (const value of Object.values(labels)) assert.match(value, labelValue);
        for (const longest of Object.values(longestNames))
          for (const suffix of ["control-plane-role", "api-inner", groupName])
            assert.ok(awsName(base, suffix, longest).length <= longest);
        for (const key of Object.keys(kubernetesTags(base))) assert.ok(key.length <= 128, key);
        assert.ok(`/gpu-clusters/${base}/control-plane-keys`.length <= 1011, "an SSM parameter's name");
        const ids = [cudoId(`${base}-control-plane`), cudoId(`${base}-network`), memberId(base, groupName, 99)];
        for (const id of ids) assert.ok(id.length <= longestId && /^[a-z][a-z0-9-]*[a-z0-9]$/.test(id), id);
      }),
    );
  });

  it("stay different where the names are", () => {
    const label = (clusterName: string) =>
      controlPlaneFields({ clusterName, kubernetesVersion: "", certificateAuthority: "" }).labels[
        "gpu-clusters/cluster"
      ];
    fc.assert(
      fc.property(cluster, cluster, (one, other) => {
        assert.equal(label(one) === label(other), one === other);
      }),
    );
  });
});
