/** What is wrong with a BareMetalInventory before anything is written. Pure. */
import { Problems } from "../errors";
import { known } from "../inputs";
import { checkLabels } from "../node-group-checks";
import { checkBetween, checkChoice, checkLabel } from "../value-checks";
import type { BareMetalHostArgs, BareMetalInventoryArgs, NodeTypeArgs, OsImageArgs } from "./inventory-args";

const schemes = /^(ipmi|redfish|redfish-virtualmedia|idrac-redfish|idrac-virtualmedia)(\+https?)?:\/\/[^/\s]+/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const checksumLengths = { md5: 32, sha256: 64, sha512: 128 } as const;
/** Of no bytes at all: documentation has it as an example. */
const emptyChecksums = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "d41d8cd98f00b204e9800998ecf8427e",
];

export function checkInventory(name: string, args: BareMetalInventoryArgs): Problems {
  const problems = new Problems();
  checkLabel("providerName", args.providerName ?? name, problems);
  checkLabel("namespace", args.namespace, problems);
  if (args.connectedCluster === "")
    problems.add("connectedCluster", "must not be empty: the platform's list of clusters has it");
  const { osImages = [], nodeTypes, hosts } = args;
  checkNames("osImages", osImages, problems);
  osImages.forEach((image, index) => checkImage(`osImages[${index}]`, image, problems));
  if (nodeTypes.length === 0) problems.add("nodeTypes", "must have at least one: tenants ask for types");
  checkNames("nodeTypes", nodeTypes, problems);
  nodeTypes.forEach((type, index) => checkType(`nodeTypes[${index}]`, type, problems));
  checkNames("hosts", hosts, problems);
  hosts.forEach((host, index) => checkHost(`hosts[${index}]`, host, args, problems));
  checkBetween("timeoutMinutes", args.timeoutMinutes, [1, 24 * 60], problems);
  return problems;
}

function checkNames(path: string, named: readonly { name: string }[], problems: Problems): void {
  named.forEach(({ name }, index) => {
    checkLabel(`${path}[${index}].name`, name, problems);
    const earlier = named.findIndex((other) => other.name === name);
    if (earlier < index) problems.add(`${path}[${index}].name`, `"${name}" is the name of ${path}[${earlier}] already`);
  });
}

function checkImage(path: string, { url, checksum, checksumType }: OsImageArgs, problems: Problems): void {
  if (!/^https?:\/\/[^/\s]+\/\S+$/.test(url))
    problems.add(`${path}.url`, `"${url}" must be the http(s) URL of an image`);
  checkChoice(`${path}.checksumType`, checksumType, Object.keys(checksumLengths), problems);
  if (/^https?:\/\//.test(checksum)) return;
  const lengths = checksumType === undefined ? Object.values(checksumLengths) : [checksumLengths[checksumType]];
  if (emptyChecksums.includes(checksum.toLowerCase()))
    problems.add(`${path}.checksum`, "is that of an empty file: take the image's own");
  else if (!/^[0-9a-f]*$/i.test(checksum) || !lengths.some((length) => length === checksum.length))
    problems.add(
      `${path}.checksum`,
      `must have ${lengths.join(", ")} hexadecimal digits, or be the URL of a file with it`,
    );
}

function checkType(path: string, { hostLabels, osImage, properties = {} }: NodeTypeArgs, problems: Problems): void {
  if (Object.keys(hostLabels).length === 0)
    problems.add(`${path}.hostLabels`, "must have at least one, or the type would take every host");
  checkLabels(`${path}.hostLabels`, hostLabels, problems);
  if (osImage === "") problems.add(`${path}.osImage`, "must not be empty");
  if ("vcluster.com/os-image" in properties)
    problems.add(`${path}.properties["vcluster.com/os-image"]`, "is what osImage says: leave it out");
}

function checkHost(
  path: string,
  host: BareMetalHostArgs,
  { hosts, nodeTypes }: BareMetalInventoryArgs,
  problems: Problems,
): void {
  const { name, bmc, bootMacAddress, bootMode, labels = {} } = host;
  if (uuid.test(name)) problems.add(`${path}.name`, "may not be a UUID, which Metal3 keeps for itself");
  if (!schemes.test(bmc.address))
    problems.add(
      `${path}.bmc.address`,
      `"${bmc.address}" must begin with ipmi://, redfish://, redfish-virtualmedia://, idrac-redfish:// or idrac-virtualmedia://`,
    );
  if (known(bmc.password) === "") problems.add(`${path}.bmc.password`, "must not be empty");
  if (known(bmc.username) === "") problems.add(`${path}.bmc.username`, "must not be empty");
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(bootMacAddress))
    problems.add(
      `${path}.bootMacAddress`,
      `"${bootMacAddress}" must be six pairs of hexadecimal digits with colons: aa:bb:cc:dd:ee:01`,
    );
  for (const field of ["bootMacAddress", "bmc.address"] as const) {
    const of = (each: BareMetalHostArgs) =>
      field === "bmc.address" ? each.bmc.address : each.bootMacAddress.toLowerCase();
    const earlier = hosts.findIndex((other) => of(other) === of(host));
    if (hosts[earlier] !== host)
      problems.add(`${path}.${field}`, `is that of hosts[${earlier}]: two hosts would be one server`);
  }
  checkChoice(`${path}.bootMode`, bootMode, ["UEFI", "UEFISecureBoot", "legacy"], problems);
  checkLabels(`${path}.labels`, labels, problems);
  const types = nodeTypes.filter(({ hostLabels }) =>
    Object.entries(hostLabels).every(([key, value]) => labels[key] === value),
  );
  if (types.length === 0)
    problems.add(`${path}.labels`, "are those of no node type, so that nobody would ever get the host");
  if (types.length > 1)
    problems.add(
      `${path}.labels`,
      `are those of several node types: ${types.map((type) => `"${type.name}"`).join(", ")}`,
    );
}
