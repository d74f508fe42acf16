/** Security groups (reference: Cudo API, /v1/projects/{p}/security-groups). A new group has no rules; PATCH replaces all rules. */
import { parseIpv4, rangeOf } from "../../sdk/ip-ranges";
import { nextIdentifier } from "../identifiers";
import { checkDataCenter, checkId, checkQuota, required } from "./checks";
import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "./errors";
import type { securityGroupBody, securityGroupUpdateBody } from "./messages";
import { keyOf, ofProject, type StoredRule, type StoredSecurityGroup, type StoredVm, type World } from "./model";
import type { Decoded } from "./protojson";

type RuleBody = NonNullable<Decoded<typeof securityGroupBody>["rules"]>[number];

const icmpTypes = ["0", "3", "4", "5", "8", "9", "10", "11", "12", "13", "14", "17", "18"];

export function createSecurityGroup(world: World, projectId: string, body: Decoded<typeof securityGroupBody>) {
  const id = checkId("id", body.id, 63);
  const dataCenterId = checkDataCenter(body.dataCenterId);
  const description = checkDescription(body.description);
  const rules = body.rules ?? [];
  rules.forEach(checkRule);
  if (world.state.securityGroups[keyOf(projectId, id)]) throw alreadyExists("A security group");
  checkQuota(world, "securityGroups", ofProject(world.state.securityGroups, projectId).length);
  const group = { projectId, id, dataCenterId, description, rules: rules.map((rule) => storedRule(world, rule)) };
  world.state.securityGroups[keyOf(projectId, id)] = group;
  return securityGroupView(group);
}

/** `dataCenterId` is required and cannot change. Rules that are not sent are gone. */
export function updateSecurityGroup(
  world: World,
  projectId: string,
  id: string,
  body: Decoded<typeof securityGroupUpdateBody>,
) {
  const group = findSecurityGroup(world, projectId, id);
  const dataCenterId = required("dataCenterId", body.dataCenterId);
  if (dataCenterId !== group.dataCenterId)
    throw invalidArgument(`dataCenterId cannot be changed: the group is in ${group.dataCenterId}`);
  const description = checkDescription(body.description);
  const rules = body.rules ?? [];
  rules.forEach(checkRule);
  group.description = description;
  group.rules = rules.map((rule) => storedRule(world, rule));
  return securityGroupView(group);
}

export function getSecurityGroup(world: World, projectId: string, id: string) {
  return securityGroupView(findSecurityGroup(world, projectId, id));
}

/** Also takes the group off the VMs that use it. */
export function deleteSecurityGroup(world: World, projectId: string, id: string) {
  findSecurityGroup(world, projectId, id);
  delete world.state.securityGroups[keyOf(projectId, id)];
  for (const vm of ofProject(world.state.vms, projectId)) removeGroup(vm, id);
  return {};
}

/** Idempotent. With network interfaces, the group goes on the first of them. */
export function attachSecurityGroup(world: World, projectId: string, vm: StoredVm, groupId: string) {
  const group = findSecurityGroup(world, projectId, required("securityGroupId", groupId));
  if (group.dataCenterId !== vm.dataCenterId)
    throw invalidArgument(`security group "${groupId}" is in another data center than the virtual machine`);
  const groups = vm.nics[0]?.securityGroupIds ?? vm.securityGroupIds;
  if (!groups.includes(groupId)) groups.push(groupId);
  return {};
}

export function detachSecurityGroup(vm: StoredVm, groupId: string) {
  if (!groupsOf(vm).includes(required("securityGroupId", groupId))) {
    throw failedPrecondition(`security group "${groupId}" is not attached to the virtual machine`);
  }
  removeGroup(vm, groupId);
  return {};
}

/** All groups of a VM, whichever interface they are on. */
export function groupsOf(vm: StoredVm): string[] {
  return [...new Set([...vm.securityGroupIds, ...vm.nics.flatMap((nic) => nic.securityGroupIds)])];
}

export function findSecurityGroup(world: World, projectId: string, id: string): StoredSecurityGroup {
  const group = world.state.securityGroups[keyOf(projectId, id)];
  if (!group) throw notFound("security group", id);
  return group;
}

export function securityGroupView(group: StoredSecurityGroup) {
  const { projectId, id, dataCenterId, description, rules } = group;
  return { projectId, id, dataCenterId, description, rules: rules.map((rule) => ({ ...rule })) };
}

function removeGroup(vm: StoredVm, groupId: string): void {
  vm.securityGroupIds = vm.securityGroupIds.filter((id) => id !== groupId);
  for (const nic of vm.nics) nic.securityGroupIds = nic.securityGroupIds.filter((id) => id !== groupId);
}

function checkDescription(description = ""): string {
  if (!/^[A-Za-z0-9,'.\s]{0,255}$/.test(description)) {
    throw invalidArgument(
      "description is invalid: at most 255 letters, digits, spaces, commas, apostrophes and full stops",
    );
  }
  return description;
}

function checkRule(rule: RuleBody, index: number): void {
  const refuse = (field: string, message: string) => invalidArgument(`rules[${index}].${field} ${message}`);
  if (!rule.protocol || rule.protocol === "PROTOCOL_UNKNOWN") throw refuse("protocol", "is required");
  if (!rule.ruleType || rule.ruleType === "RULE_TYPE_UNKNOWN") throw refuse("ruleType", "is required");
  if (rule.ports) {
    if (rule.protocol !== "PROTOCOL_TCP" && rule.protocol !== "PROTOCOL_UDP")
      throw refuse("ports", "can be given for TCP and UDP only");
    if (!validPorts(rule.ports))
      throw refuse("ports", `"${rule.ports}" is invalid: ports like "80,443" or one range like "1024:2048"`);
  }
  if (rule.ipRangeCidr && rangeOf(rule.ipRangeCidr) === undefined && parseIpv4(rule.ipRangeCidr) === undefined) {
    throw refuse("ipRangeCidr", `"${rule.ipRangeCidr}" is invalid: an IP address or a CIDR`);
  }
  if (rule.icmpType && !icmpTypes.includes(rule.icmpType))
    throw refuse("icmpType", `"${rule.icmpType}" is invalid: one of ${icmpTypes.join(", ")}`);
}

function validPorts(ports: string): boolean {
  const port = (text: string) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535;
  const range = ports.split(":");
  if (range.length === 2) return range.every(port) && Number(range[0]) <= Number(range[1]);
  return ports.split(",").every(port);
}

function storedRule(world: World, rule: RuleBody): StoredRule {
  return {
    id: nextIdentifier(world.state.identifiers),
    protocol: rule.protocol ?? "PROTOCOL_UNKNOWN",
    ruleType: rule.ruleType ?? "RULE_TYPE_UNKNOWN",
    ports: rule.ports ?? "",
    ipRangeCidr: rule.ipRangeCidr ?? "",
    icmpType: rule.icmpType ?? "",
  };
}
