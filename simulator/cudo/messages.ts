/** The request messages that the simulator understands (reference: Cudo API, request schemas). */
import { bool, decimal, duration, enumeration, int, nested, repeated, stringMap, text, timestamp } from "./protojson";

export const commitmentTerms = [
  "COMMITMENT_TERM_NONE",
  "COMMITMENT_TERM_1_MONTH",
  "COMMITMENT_TERM_3_MONTHS",
  "COMMITMENT_TERM_6_MONTHS",
  "COMMITMENT_TERM_12_MONTHS",
  "COMMITMENT_TERM_24_MONTHS",
  "COMMITMENT_TERM_36_MONTHS",
  "COMMITMENT_TERM_60_MONTHS",
] as const;
const sshKeySources = [
  "SSH_KEY_SOURCE_UNKNOWN",
  "SSH_KEY_SOURCE_PROJECT",
  "SSH_KEY_SOURCE_USER",
  "SSH_KEY_SOURCE_NONE",
] as const;
const diskStates = [
  "UNKNOWN",
  "ATTACHED",
  "CLONING",
  "CREATING",
  "DELETING",
  "DISABLED",
  "FAILED",
  "READY",
  "UPDATING",
] as const;
const diskTypes = ["DISK_TYPE_UNKNOWN", "DISK_TYPE_BOOT", "DISK_TYPE_STORAGE"] as const;
const networkStates = [
  "STATE_UNKNOWN",
  "ACTIVE",
  "CREATING",
  "DELETED",
  "DELETING",
  "FAILED",
  "STARTING",
  "STOPPED",
  "STOPPING",
  "UPDATING",
] as const;
const vmStates = [
  "UNKNOWN",
  "CLONING",
  "CREATING_SNAPSHOT",
  "DELETED",
  "DELETING",
  "DELETING_SNAPSHOT",
  "FAILED",
  "HOTPLUGGING",
  "MIGRATING",
  "RECREATING",
  "REVERTING_SNAPSHOT",
  "RESIZING",
  "RESIZING_DISK",
  "ACTIVE",
  "STARTING",
  "STOPPED",
  "STOPPING",
  "SUSPENDED",
  "SUSPENDING",
  "PENDING",
] as const;
const protocols = [
  "PROTOCOL_UNKNOWN",
  "PROTOCOL_ALL",
  "PROTOCOL_TCP",
  "PROTOCOL_UDP",
  "PROTOCOL_ICMP",
  "PROTOCOL_ICMPv6",
  "PROTOCOL_IPSEC",
] as const;
const ruleTypes = ["RULE_TYPE_UNKNOWN", "RULE_TYPE_INBOUND", "RULE_TYPE_OUTBOUND"] as const;

export type CommitmentTerm = (typeof commitmentTerms)[number];
export type SshKeySource = (typeof sshKeySources)[number];

const nic = {
  name: "CreateVMRequest.NIC",
  fields: { networkId: text, assignPublicIp: bool, securityGroupIds: repeated(text) },
} as const;
const bootDisk = { name: "BootDisk", fields: { sizeGib: int } } as const;
const topology = { name: "CpuTopology", fields: { sockets: int, cores: int, threads: int } } as const;

export const createVmBody = {
  name: "CreateVMRequest",
  fields: {
    vmId: text,
    dataCenterId: text,
    machineType: text,
    bootDiskImageId: text,
    vcpus: int,
    memoryGib: int,
    gpus: int,
    bootDiskSizeGib: int,
    bootDisk: nested(bootDisk),
    storageDiskIds: repeated(text),
    nics: repeated(nested(nic)),
    securityGroupIds: repeated(text),
    sshKeySource: enumeration(sshKeySources),
    customSshKeys: repeated(text),
    startScript: text,
    password: text,
    metadata: stringMap,
    expireTime: timestamp,
    ttl: duration,
    commitmentTerm: enumeration(commitmentTerms),
    topology: nested(topology),
    validateOnly: bool,
  },
  oneofs: { expiration: ["expireTime", "ttl"] },
} as const;

export const metadataBody = { name: "UpdateVMMetadataRequest", fields: { metadata: stringMap, merge: bool } } as const;
export const passwordBody = { name: "UpdateVMPasswordRequest", fields: { password: text } } as const;
export const sshKeysBody = {
  name: "UpdateVMAuthorizedSSHKeysRequest",
  fields: { sshKeySource: enumeration(sshKeySources), customSshKeys: repeated(text) },
} as const;
export const commitBody = {
  name: "CommitVMRequest",
  fields: { commitmentTerm: enumeration(commitmentTerms) },
} as const;
export const expireTimeBody = {
  name: "UpdateVMExpireTimeRequest",
  fields: { expireTime: timestamp, ttl: duration },
  oneofs: { expiration: ["expireTime", "ttl"] },
} as const;

/** The read-only fields are part of the message: sent ones are ignored. */
export const diskBody = {
  name: "Disk",
  fields: {
    id: text,
    dataCenterId: text,
    sizeGib: int,
    createTime: timestamp,
    diskState: enumeration(diskStates),
    diskType: enumeration(diskTypes),
    privateImageId: text,
    publicImageId: text,
    vmId: text,
  },
} as const;

export const networkBody = {
  name: "Network",
  fields: {
    id: text,
    dataCenterId: text,
    ipRange: text,
    createTime: timestamp,
    externalIpAddress: text,
    gateway: text,
    internalIpAddress: text,
    priceHr: decimal,
    state: enumeration(networkStates),
    vmState: enumeration(vmStates),
  },
} as const;

const rule = {
  name: "SecurityGroup.Rule",
  fields: {
    id: text,
    protocol: enumeration(protocols),
    ruleType: enumeration(ruleTypes),
    ports: text,
    ipRangeCidr: text,
    icmpType: text,
  },
} as const;

export const securityGroupBody = {
  name: "SecurityGroup",
  fields: { id: text, dataCenterId: text, description: text, rules: repeated(nested(rule)) },
} as const;
export const securityGroupUpdateBody = {
  name: "SecurityGroup",
  fields: { dataCenterId: text, description: text, rules: repeated(nested(rule)) },
} as const;

export const sshKeyBody = {
  name: "SshKey",
  fields: { publicKey: text, id: text, type: text, comment: text, fingerprint: text, createTime: timestamp },
} as const;
export const projectBody = {
  name: "Project",
  fields: { id: text, billingAccountId: text, createBy: text, resourceCount: int },
} as const;
export const projectUpdateBody = {
  name: "Project",
  fields: { billingAccountId: text, createBy: text, resourceCount: int },
} as const;
export const apiKeyBody = { name: "GenerateApiKeyRequest", fields: { apikeyId: text } } as const;
