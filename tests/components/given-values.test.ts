/** What people copy and write into the inputs of platforms' components: taken as what it means, or refused by its own path. */
import assert from "node:assert/strict";
import { parsePath } from "../../sdk/schema/property-path";
import { vaultProblems } from "../../sdk/vault/problems";
import { redirectUriProblem } from "../../sdk/keycloak/checks";
import { clouds } from "./clouds-scene";
import { programs } from "./programs-scene";
import { withValue } from "./value-paths";

const scenes = { ...programs, ...clouds };

/** Paths of what is told of a component with another value in one place. */
function told(component: string, path: string, value: unknown): string[] {
  const { base, check } = scenes[component]!;
  return check(withValue(base, parsePath(path), value) as never).all.map(({ propertyPath }) => propertyPath);
}

/** The same for many values: what is taken, and what is refused by no other path. */
function held(component: string, path: string, taken: readonly unknown[], refused: readonly unknown[], at = path) {
  for (const value of taken) assert.deepEqual(told(component, path, value), [], `${path} ${JSON.stringify(value)}`);
  for (const value of refused)
    assert.deepEqual(
      [...new Set(told(component, path, value))],
      [at],
      `${component} ${path} ${JSON.stringify(value).slice(0, 60)}`,
    );
}

const copied = (text: string) => ["", " ", `${text}\n`, `${text}\r`, ` ${text}`, `${text}\u200b`, `\ufeff${text}`];
const device = "devices[0]";
const pool = "autoNodes[0].static[0]";

describe("values that programs give to platforms", () => {
  it("are no names that were copied with too much", () => {
    const names: Record<string, Record<string, string>> = {
      ComputeCluster: { region: "us-west-2", zone: "us-west-2a", "skus[0].gpuModel": "H100 SXM" },
      BareMetalCluster: { "nodeGroups[0].gpuModel": "H100" },
      BareMetalHosts: { "hosts[0].rootDeviceHints.serialNumber": "S3Z8 NB0K" },
      TenantCluster: {
        [`${pool}.gpuModel`]: "H100",
        [`${pool}.nodeTypeSelector[0].property`]: "vcluster.com/node-type",
        [`${pool}.nodeTypeSelector[0].values[0]`]: "h100",
        "autoNodes[0].dynamic[0].gpuModel": "H100",
      },
      InferenceCluster: { "taints[0].key": "team/ml", "nodePools[0].gpus.model": "L4" },
      "InferenceCluster on EKS": { "nodePools[0].zones[0]": "us-west-2a" },
      InferenceClass: {
        "gpus.model": "L4",
        "provisioning.eks.instanceType": "g6.xlarge",
        "provisioning.eks.accelerator.type": "nvidia-l4",
      },
      "InferenceClass of devices": {
        [`${device}.name`]: "gpu",
        [`${device}.attributes.productName.string`]: "NVIDIA L4",
      },
    };
    for (const [component, paths] of Object.entries(names))
      for (const [path, name] of Object.entries(paths)) {
        held(component, path, [name], copied(name));
      }
    const model = "nodeGroups[0].gpuModel";
    for (const wrong of copied("RTX A4000")) assert.ok(told("CudoCluster", model, wrong).includes(model), wrong);
    held("InferenceCluster", "taints[0].value", ["", "b"], copied("b").slice(1));
  });

  it("are names of Kubernetes' objects where they name some", () => {
    const wrong = ["UPPER", "a b", "a\n", "-a", "a_b", "x".repeat(254)];
    held("InferenceCluster on EKS", "eks.credentials.name", ["default", "a.b"], wrong);
    held("InferenceClass of devices", `${device}.deviceClassName`, ["gpu.nvidia.com"], wrong);
    held("InferenceClass of devices", `${device}.driver`, ["gpu.nvidia.com"], wrong);
  });

  it("are secrets that can be sent, and not shown", () => {
    held("ComputeCluster", "storage.credentials.accessKeyId", ["AKIA", "a/b+c="], [...copied("s"), "a b", "ü"]);
    held("ComputeCluster", "storage.credentials.secretAccessKey", ["a/b+c=", "a b", "ü"], copied("s"));
    held("TenantCluster", "platform.accessKey", ["KEY"], [...copied("K"), "ü", "\0"]);
    for (const path of ["hosts[0].bmc.username", "hosts[0].bmc.password"])
      held("BareMetalHosts", path, ["root", "pass word"], ["", " ", "p\n", "p\u200b", "\ufeffp", "a\0b"]);
    held("JupyterHub", "client.secret", ["SECRET"], ["s\u200b", "s\0"]);
    held("Slurm", "accounting.password", ["p"], ["p\u200b", "p\0"]);
    for (const path of ["endpoint", "platform.host"])
      assert.doesNotMatch(
        JSON.stringify(
          scenes["TenantCluster"]!.check(
            withValue(programs["TenantCluster"]!.base, [...parsePath(path)], "u:hunter22@h:443") as never,
          ).all,
        ),
        /hunter22/,
      );
  });

  it("are counts that can be", () => {
    for (const [field, least] of Object.entries({ cpus: 1, memoryGib: 1, diskSizeGib: 0, gpus: 0 }))
      held("ComputeCluster", `skus[0].${field}`, [least, 8], [-1, 1.5]);
  });

  it("are addresses of files and servers", () => {
    const urls = [
      "https://h:99999/x",
      "https://[::1/x",
      "https://h:443x/x",
      "https://h/\u200b",
      'https://h/"',
      "https://-h/x",
      "https://10.0.0.256/x",
    ];
    held("BareMetalCluster", "image.url", ["https://[2001:db8::1]:8443/x", "http://h/x?a=b", "https://H_x/y"], urls);
    held(
      "BareMetalCluster",
      "image.checksum",
      ["https://h/SHA256SUMS", "AB".repeat(32)],
      [...urls, "https://", "https://h", "http://h/x y"],
    );
    held(
      "BareMetalHosts",
      "hosts[0].bmc.address",
      ["redfish://[::1]/x", "ipmi://10.0.0.1:623", "redfish://h_x/x"],
      ["redfish://10.0.0.256/x", "redfish://h/\u200b", "ipmi://h\0"],
    );
    held(
      "BareMetalHosts",
      "hosts[0].rootDeviceHints.deviceName",
      ["/dev/sda", "/dev/disk/by-path/a"],
      ["/dev/", "/dev//", "/dev/sda/"],
    );
    held(
      "ComputeCluster",
      "storage.endpoint",
      ["https://s3.example.com", "http://minio:9000/", "https://[::1]:9000"],
      ["https://h\n", " https://h", "https:h", "https://h/\u200b", "https://h?x", "https://h#x", "https:///h"],
    );
    held("ComputeCluster", "storage.fileSystem", ["s3://b", "s3://b/x"], ["s3://b\u200b", "s3://b\0", 's3://b"']);
    held(
      "JupyterHub",
      "client.issuer",
      ["https://sso.example.com/realms/lab"],
      ["https://sso.example.com/realms/lab\u200b", "https://sso.example.com/realms/l\0"],
    );
    held("TenantCluster", "endpoint", ["[2001:db8::1]:443"], ["[fe80::1%eth0]:443"]);
    held("TenantCluster", "extraSans[0]", ["2001:db8::1"], ["fe80::1%eth0"]);
    held("Slurm", "accounting.host", ["2001:db8::1"], ["fe80::1%eth0"]);
    const vault = (address: string) => vaultProblems({ address }).length;
    for (const right of ["https://v", "https://v:8200", "https://[::1]:8200"]) assert.equal(vault(right), 0, right);
    for (const wrong of [
      "https://v:99999",
      "https://v:0",
      "https://..:8200",
      "https://-",
      "https://1.2.3.256",
      "https://[:::]",
    ])
      assert.equal(vault(wrong), 1, wrong);
    assert.match(redirectUriProblem("https://h\u200b/x") ?? "", /must be a URL/);
  });

  it("are two servers where two addresses are", () => {
    const { base } = programs["BareMetalHosts"]! as { base: { hosts: object[] } };
    const [first] = base.hosts;
    const hosts = (one: string, other: string) =>
      [one, other].map((address, at) => ({
        ...first,
        name: `h${at}`,
        bootMacAddress: `aa:bb:cc:dd:ee:0${at + 1}`,
        bmc: { address, username: "u", password: "p" },
      }));
    for (const other of ["redfish://BMC1/x", "redfish://bmc1/x/"])
      assert.deepEqual(told("BareMetalHosts", "hosts", hosts("redfish://bmc1/x", other)), ["hosts[1].bmc.address"]);
    assert.deepEqual(told("BareMetalHosts", "hosts", hosts("redfish://bmc1/x", "redfish://bmc1/X")), []);
  });

  it("are quantities and durations as Kubernetes and Go read them", () => {
    const at = (key: string) => `autoNodes[0].dynamic[0].limits["${key}"]`;
    const limits = "autoNodes[0].dynamic[0].limits";
    for (const text of ["1e3", ".5", "1E3", "+1", "1n", "100m", "1.5Gi", "0", "1.Gi"])
      held("TenantCluster", limits, [{ memory: text }], []);
    for (const text of ["-1", "1KI", "4\n", "", "1 Gi", "1e", "lots"])
      held("TenantCluster", limits, [], [{ nodes: text }], at("nodes"));
    for (const key of ["", "a b", "cpu\n"]) held("TenantCluster", limits, [], [{ [key]: "1" }], at(key));
    held("TenantCluster", "autoNodes[0].dynamic[0].expireAfter", ["720h", "Never"], [`${"9".repeat(30)}h`, "1d"]);
    held("ComputeCluster", "rotation.every", ["720h"], [`${"9".repeat(400)}h`, "30d"]);
  });

  it("are versions", () => {
    held("BareMetalCluster", "kubernetesVersion", ["1.37.2"], ["1.037.2", "1.37.02"]);
    held("KubeRay", "version", ["1.7.0", "v1.7.0"], ["01.7.0"]);
    const version = `${device}.attributes.productName`;
    held(
      "InferenceClass of devices",
      version,
      [{ version: "9.0.0" }],
      [{ version: "9.0" }, { version: "" }, { version: "9.0.0\n" }],
      `${version}.version`,
    );
  });

  it("are times that there are, with parts of a second or without", () => {
    held(
      "JoinToken",
      "expiration",
      ["2026-12-31T00:00:00Z", "2026-12-31T00:00:00.000Z", "2028-02-29T00:00:00+02:00"],
      [
        "2026-02-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-12-31T24:00:00Z",
        "2026-12-31T00:00:00",
        "2026-12-31t00:00:00z",
      ],
    );
  });

  it("are told once where a region is none", () => {
    assert.deepEqual(told("InferenceCluster on EKS", "eks.region", "us-west-2\n"), ["eks.region"]);
    assert.deepEqual(told("InferenceCluster on EKS", "nodePools[0].zones", ["us-west-2a", "us-west-2a"]), [
      "nodePools[0].zones[1]",
    ]);
  });
});
