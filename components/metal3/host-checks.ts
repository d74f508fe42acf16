/** What is wrong with servers and what they are written with, before anything is. Pure. */
import type { Problems } from "../errors";
import { isHostAndPort } from "../../sdk/host-and-port";
import { checkLabels } from "../node-group-checks";
import { checkCopiedName, checkLabel, checkTyped, checkWhole } from "../value-checks";
import type { BareMetalHostArgs, MachineImageArgs } from "./hosts-args";

const schemes = /^(ipmi|redfish|redfish-virtualmedia|idrac-redfish|idrac-virtualmedia)(\+https?)?:\/\/[^/\s]+/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const checksumLengths = { md5: 32, sha256: 64, sha512: 128 } as const;
/** Of no bytes at all: documentation has it as an example. */
const emptyChecksums = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "d41d8cd98f00b204e9800998ecf8427e",
];

/** What its length says where nothing else does; undefined of a URL. */
export function checksumTypeOf({ checksum, checksumType }: MachineImageArgs): MachineImageArgs["checksumType"] {
  const told = Object.entries(checksumLengths).find(([, length]) => length === checksum.length)?.[0];
  return checksumType ?? (/^https?:/.test(checksum) ? undefined : (told as MachineImageArgs["checksumType"]));
}

/** Quotes nothing of it. */
const noUser = "must have no user and password in it: everybody may read where it goes";

function hasUser(url: string): boolean {
  return /^[^:/]+:\/\/[^/]*@/.test(url);
}

function isUrlOfFile(url: string): boolean {
  const [, host] = /^https?:\/\/([^/\s?#]+)\/[^\s\p{C}"]+$/u.exec(url) ?? [];
  return host !== undefined && isServer(host);
}

/** With names that only a network of one's own has. */
function isServer(host: string): boolean {
  return isHostAndPort(host.replaceAll("_", "-"), false);
}

/** As Metal3's own webhook: a name or a path there, and no other file. */
const device = /^\/dev\/(?!.*\.\.)[\w./:+-]*[\w:+-]$/;

export function checkHosts(hosts: readonly BareMetalHostArgs[], problems: Problems): void {
  checkNames("hosts", hosts, problems);
  hosts.forEach((host, index) => checkHost(`hosts[${index}]`, host, hosts, problems));
}

export function checkNames(path: string, named: readonly { name: string }[], problems: Problems): void {
  named.forEach(({ name }, index) => {
    if (name === undefined) return;
    checkLabel(`${path}[${index}].name`, name, problems);
    const earlier = named.findIndex((other) => other.name === name);
    if (earlier < index) problems.add(`${path}[${index}].name`, `"${name}" is the name of ${path}[${earlier}] already`);
  });
}

export function checkImage(path: string, { url, checksum, checksumType }: MachineImageArgs, problems: Problems): void {
  for (const [field, text] of Object.entries({ url, checksum }))
    if (text !== undefined && hasUser(text)) problems.add(`${path}.${field}`, noUser);
  if (url !== undefined && !hasUser(url) && !isUrlOfFile(url))
    problems.add(`${path}.url`, `"${url}" must be the http(s) URL of an image`);
  if (checksum === undefined) return;
  if (/^https?:\/\//.test(checksum)) {
    if (!hasUser(checksum) && !isUrlOfFile(checksum))
      problems.add(`${path}.checksum`, `"${checksum}" must be the http(s) URL of a file with it`);
    return;
  }
  const lengths = checksumType === undefined ? Object.values(checksumLengths) : [checksumLengths[checksumType]];
  if (emptyChecksums.includes(checksum.toLowerCase()))
    problems.add(`${path}.checksum`, "is that of an empty file: take the image's own");
  else if (!/^[0-9a-f]*$/i.test(checksum) || !lengths.some((length) => length === checksum.length))
    problems.add(
      `${path}.checksum`,
      `must have ${lengths.join(", ")} hexadecimal digits, or be the URL of a file with it`,
    );
}

/** As Metal3 sends them to the BMC: with the end of a line no login would ever succeed. */
export function checkCredentials(
  path: string,
  bmc: Partial<Pick<BareMetalHostArgs["bmc"], "username" | "password">>,
  problems: Problems,
): void {
  for (const field of ["username", "password"] as const) checkTyped(`${path}.${field}`, bmc[field], problems);
}

/** Of anything else `URL` itself says what it is. */
function isUrl(address: string): boolean {
  const [, host] = /^[a-z+-]+:\/\/([^/?#]+)/.exec(address) ?? [];
  return URL.canParse(address) && (host === undefined || isServer(host));
}

/** What two spellings of one address have in common. */
function serverOf(address: string | undefined): string | undefined {
  return address?.replace(/^[^/]*\/\/[^/]*/, (start) => start.toLowerCase()).replace(/\/+$/, "");
}

function checkHost(
  path: string,
  host: BareMetalHostArgs,
  hosts: readonly BareMetalHostArgs[],
  problems: Problems,
): void {
  const { name, bootMacAddress, labels = {} } = host;
  const bmc: Partial<BareMetalHostArgs["bmc"]> = host.bmc ?? {};
  if (uuid.test(name)) problems.add(`${path}.name`, "may not be a UUID, which Metal3 keeps for itself");
  if (bmc.address !== undefined && hasUser(bmc.address))
    problems.add(
      `${path}.bmc.address`,
      "must have no user and password in it: those are bmc.username and bmc.password",
    );
  else if (bmc.address !== undefined && (/[\s\p{C}"]/u.test(bmc.address) || !isUrl(bmc.address)))
    problems.add(`${path}.bmc.address`, `"${bmc.address}" is no URL`);
  else if (bmc.address !== undefined && !schemes.test(bmc.address))
    problems.add(
      `${path}.bmc.address`,
      `"${bmc.address}" must begin with ipmi://, redfish://, redfish-virtualmedia://, idrac-redfish:// or idrac-virtualmedia://`,
    );
  checkCredentials(`${path}.bmc`, bmc, problems);
  if (bootMacAddress !== undefined && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(bootMacAddress))
    problems.add(
      `${path}.bootMacAddress`,
      `"${bootMacAddress}" must be six pairs of hexadecimal digits with colons: aa:bb:cc:dd:ee:01`,
    );
  else if (bootMacAddress !== undefined && (/^.[13579bdf]/i.test(bootMacAddress) || /^[0:]*$/.test(bootMacAddress)))
    problems.add(`${path}.bootMacAddress`, `"${bootMacAddress}" is no network card's own: many or none have it`);
  const { deviceName, minSizeGigabytes, serialNumber } = host.rootDeviceHints ?? {};
  checkCopiedName(`${path}.rootDeviceHints.serialNumber`, serialNumber, problems);
  checkWhole(`${path}.rootDeviceHints.minSizeGigabytes`, minSizeGigabytes, 0, problems);
  if (deviceName !== undefined && !device.test(deviceName))
    problems.add(`${path}.rootDeviceHints.deviceName`, `"${deviceName}" must be a path in /dev, such as /dev/sda`);
  for (const field of ["bootMacAddress", "bmc.address"] as const) {
    const of = (each: BareMetalHostArgs) =>
      field === "bmc.address" ? serverOf(each.bmc?.address) : each.bootMacAddress?.toLowerCase();
    if (of(host) === undefined) continue;
    const earlier = hosts.findIndex((other) => of(other) === of(host));
    if (hosts[earlier] !== host)
      problems.add(`${path}.${field}`, `is that of hosts[${earlier}]: two hosts would be one server`);
  }
  checkLabels(`${path}.labels`, labels, problems);
}
