/** What reports about other tools show to be taken and to break later: each is refused by its field, before anything is made. */
import assert from "node:assert/strict";
import { formatPath, parsePath } from "../../sdk/schema/property-path";
import { clouds } from "./clouds-scene";
import { programs } from "./programs-scene";
import { withValue } from "./value-paths";

const scenes = { ...clouds, ...programs };
const everyNamespace = ["default", "kube-system", "kube-public", "kube-node-lease"];
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
const credentials = "https://USER:PASSWORD@images.example.com/a";

const refused: [scenes: string[], path: string, values: unknown[]][] = [
  [["KubeRay", "JupyterHub", "TenantCluster", "BareMetalInventory", "BareMetalHosts"], "namespace", everyNamespace],
  [["TenantCluster", "BareMetalCluster"], "endpoint", ["256.1.1.1:443", "10.0.0:443", "a;reboot:443", "$(x):443"]],
  [["BareMetalInventory"], "osImages[0].url", [credentials]],
  [["BareMetalInventory"], "osImages[0].checksum", [credentials]],
  [["BareMetalCluster"], "image.url", [credentials]],
  [
    ["BareMetalHosts", "BareMetalInventory"],
    "hosts[0].bmc.address",
    ["redfish://USER:PASSWORD@10.0.0.1", "ipmi://10.0.0.1:99999", "redfish://10.0.0.1/x y"],
  ],
  [
    ["BareMetalHosts", "BareMetalInventory"],
    "hosts[0].bootMacAddress",
    ["ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:00:5e:00:00:01"],
  ],
  [["BareMetalHosts", "BareMetalInventory"], "hosts[0].bmc.password", ["", "PASSWORD\n", "PASSWORD\r\n", "\ufeffPASS"]],
  [["BareMetalHosts", "BareMetalInventory"], "hosts[0].bmc.username", ["", "admin\n", "ad\tmin"]],
  [["BareMetalHosts"], "hosts[0].rootDeviceHints.deviceName", ["sda", "/dev/sda; x", "/dev/../etc/passwd"]],
  [["KubeRay"], "version", ["", ">=1", "~1.7", "1.x", "latest", "1.7"]],
  [["MithrilCluster"], "nodeGroups[0].capacity.spot.limitPrice", ["0", "$0.00", "0.001", ""]],
  [["AwsCluster"], 'nodeGroups[0].labels["topology.kubernetes.io/zone"]', ["us-west-2a"]],
  [["AwsCluster"], 'nodeGroups[0].labels["topology.kubernetes.io/region"]', ["us-west-2"]],
  [["AwsCluster"], 'nodeGroups[0].labels["node.kubernetes.io/instance-type"]', ["g5.xlarge"]],
  [["AwsCluster"], 'nodeGroups[0].labels["topology.ebs.csi.aws.com/zone"]', ["us-west-2a"]],
  [["InferenceCluster on EKS"], "eks.kubernetesVersion", ["v1.34", "1.3", "1.34.2", "latest", ""]],
  [["CudoCluster"], "podCidr", ["10.244.0.0/24"]],
  [["ComputeCluster"], "controllerManager.name", ["", "A B", "a..b"]],
  [["ComputeCluster"], "storage.credentials.accessKeyId", ["", " ", "AKID\n", "\ufeffAKID"]],
  [["ComputeCluster"], "storage.credentials.secretAccessKey", ["", "PASSWORD\n", " PASSWORD"]],
  [["ComputeCluster"], "storage.endpoint", ["", "https://s3.example.com\n", "https://USER:PASS@s3.example.com"]],
  [["InferenceCluster on EKS"], "nodePools[0].zones[0]", ["", "us-west-2", "us-west-2a\n", "us-east-1a"]],
  [["ComputeCluster"], "controllerManager.namespace", ["", "A B"]],
  [["ServiceAccountKubeconfig"], "rules[0].verbs", [[]]],
  [["ServiceAccountKubeconfig"], "rules[0].resources", [[]]],
  [["Slurm"], "accounting.host", ["", "a b", "mysql://h", "h:3306", "h\nStoragePass=x"]],
  [["Slurm"], "accounting.host", ["localhost", "LocalHost", "db.localhost", "127.0.0.1", "127.1.2.3", "0.0.0.0"]],
  [["Slurm"], "accounting.host", ["::1", "::", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"]],
  [["Slurm"], "accounting.port", [0, 70_000]],
  [["Slurm"], "accounting.database", ["", "a b", "a\nb"]],
  [["Slurm"], "accounting.username", ["", "a\nb"]],
  [["Slurm"], "accounting.password", ["", "PASS\nWORD", "PASS#WORD"]],
  [["Slurm"], "login.sshAuthorizedKeys[0]", ["ssh-rsa x", "ssh-ed25519 AAAA", publicKey.slice(0, -4), "ssh-foo AAAA"]],
  [
    ["Slurm"],
    "login.sshAuthorizedKeys[0]",
    [publicKey.replace("ed25519", "rsa"), `# ${publicKey}`, `a b ${publicKey}`],
  ],
  [["JupyterHub", "Slurm"], "storageClass", ["", " ", "a b", "Fast", "fast_disks", "-a", "a..b", "a".repeat(254)]],
  [["InferenceCluster"], "existing.cacheStorageClass", ["", "Fast", "a b"]],
  [
    ["JupyterHub"],
    "url",
    ["", "hub.example.com", "ftp://hub.example.com", "https://hub.example.com/lab", "https://a..b"],
  ],
  [["JupyterHub"], "url", ["https://USER:PASS@hub.example.com", "https://hub.example.com?a=b", "https://256.1.1.1"]],
  [["JupyterHub"], "url", ["https://HUB.example.com", "https://hub.example.com:443", "https:hub.example.com"]],
  [["JupyterHub"], "url", ["https://hub.example.com.", "https://hub_1.example.com", "https://hub.example.com:0"]],
  [["JupyterHub"], "url", ["https://hüb.example.com", "https://hub.example.com\n", "https://1.2.3", "https://a:99999"]],
  [["JupyterHub"], "client.clientId", ["", "a b", " a", "a\n", "x".repeat(256)]],
  [["JupyterHub"], "client.secret", ["", "PASS WORD", "PASSWORD\n"]],
  [["JupyterHub"], "client", ["hub", 5, [], {}, () => "hub"]],
  [["JupyterHub"], "homeGib", [0, 65_537, 1e12]],
  [["JupyterHub"], "idleMinutes", [0, 525_601, 1e12]],
  [["SharedClaim"], "sizeGib", [0, 1e12]],
  [["FileShareVolume"], "sizeGb", [0, 1e12]],
];

/** What looks alike and is right. */
const taken: [scene: string, path: string, values: unknown[]][] = [
  ["BareMetalHosts", "hosts[0].bmc.address", ["idrac-virtualmedia://10.0.0.1/redfish/v1/Systems/System.Embedded.1"]],
  [
    "BareMetalHosts",
    "hosts[0].rootDeviceHints.deviceName",
    ["/dev/nvme0n1", "/dev/disk/by-path/pci-0000:00:1f.2-ata-1"],
  ],
  ["BareMetalCluster", "endpoint", ["api.train-1.example.com:6443", "[2001:db8::5]:6443", "1.example:443"]],
  ["BareMetalHosts", "hosts[0].bmc.password", ["p@ss word ", "ü#$%"]],
  [
    "ComputeCluster",
    "storage.credentials.secretAccessKey",
    ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=", "a pass phrase"],
  ],
  ["ComputeCluster", "controllerManager.name", ["michelangelo-controllermgr", "a.b"]],
  ["Slurm", "accounting.host", ["db", "db.example.com", "10.0.0.5", "2001:db8::5"]],
  ["KubeRay", "namespace", ["ray", "default-2"]],
  ["Slurm", "accounting.host", ["localhost.example.com", "::2", "fd00::1"]],
  ["Slurm", "login.sshAuthorizedKeys[0]", [publicKey, `${publicKey} ssh-rsa me`, `command="ssh-rsa x y" ${publicKey}`]],
  [
    "JupyterHub",
    "url",
    ["https://hub.example.com/", "http://10.0.0.5:30080", "http://[2001:db8::5]:8000", "http://hub"],
  ],
  ["JupyterHub", "storageClass", ["gp3", "rook-ceph.rbd", "1fast"]],
  ["JupyterHub", "client.secret", ["s3cr3t!#$%"]],
  ["SharedClaim", "sizeGib", [1_048_576]],
  ["KubeRay", "version", ["1.4.2", "v1.7.0", "1.8.0-rc.0"]],
  ["MithrilCluster", "nodeGroups[0].capacity.spot.limitPrice", ["$0.01", "2"]],
  ["CudoCluster", 'nodeGroups[0].labels["topology.kubernetes.io/zone"]', ["us-newyork-1"]],
  ["CudoCluster", "podCidr", ["10.244.0.0/22"]],
];

describe("what others take and break on", () => {
  const problemsOf = (scene: string, path: string, value: unknown) => {
    const { base, check } = scenes[scene]!;
    return check(withValue(base, parsePath(path), value) as never).all;
  };

  for (const [names, path, values] of refused)
    it(`is refused as ${path} of ${names.join(", ")}, once, without a word of what is secret`, () => {
      for (const scene of names)
        for (const value of values) {
          const found = problemsOf(scene, path, value);
          const where = found.map(({ propertyPath }) => propertyPath);
          assert.deepEqual(where, [formatPath(parsePath(path))], `${scene} ${JSON.stringify(value)}`);
          assert.doesNotMatch(found[0]!.reason, /PASS/);
        }
    });

  for (const [scene, path, values] of taken)
    it(`is not what is right: ${path} of ${scene}`, () => {
      for (const value of values) assert.deepEqual(problemsOf(scene, path, value), [], JSON.stringify(value));
    });
});
