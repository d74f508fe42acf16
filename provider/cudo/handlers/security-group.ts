import type * as pulumi from "../../../sdk/pulumi";
import { isIP } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, ResourceHandler, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import type { CudoApi, SecurityGroupRequest } from "../api";
import { cudoId } from "../../../sdk/cudo/ids";
import type { SecurityGroupArgs } from "../../../sdk/cudo/security-group";
import type { Rule, SecurityGroup } from "../types";
import { connect } from "../connection";
import { known } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { checkId, twentyMinutes } from "./inputs";
import { bringDown, bringUp, type Lifecycle } from "./lifecycle";

export type SecurityGroupInputs = pulumi.Unwrap<SecurityGroupArgs>;

export interface SecurityGroupOutputs {
  securityGroupId: string;
}

const icmpTypes = ["0", "3", "4", "5", "8", "9", "10", "11", "12", "13", "14", "17", "18"];

export const securityGroupHandler: ResourceHandler<SecurityGroupInputs, SecurityGroupOutputs> = {
  check(inputs) {
    const failures = checkId("securityGroupId", inputs.securityGroupId);
    const description = known(inputs.description);
    // The rule of Cudo's own Terraform provider.
    if (description !== undefined && !/^[A-Za-z0-9,'.\s]{1,255}$/.test(description)) {
      failures.push({
        property: "description",
        reason: "must have 1 to 255 letters, digits, spaces, commas, apostrophes and full stops",
      });
    }
    const rules = isUnknown(inputs.rules) ? [] : inputs.rules;
    return [...failures, ...rules.flatMap((rule, index) => checkRule(`rules[${index}]`, rule))];
  },

  plan(state, inputs) {
    const id = state.inputs.securityGroupId ?? state.outputs.securityGroupId;
    const sameId = inputs.securityGroupId === undefined || inputs.securityGroupId === id;
    return { ignores: sameId ? ["securityGroupId"] : [], deleteBeforeReplace: sameId };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const id = inputs.securityGroupId ?? cudoId(context.name);
    const limit = { what: `creating security group "${id}"`, ms: twentyMinutes };
    await limited(context, limit, (signal) => bringUp(lifecycle(api, id, inputs), { signal, log: context.log }));
    return { id, outputs: outputs(id) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const group = await api.securityGroups.find(id, context.signal);
    if (!group) return undefined;
    const before = state?.inputs;
    const inputs: SecurityGroupInputs = {
      ...(before ?? { securityGroupId: id }),
      dataCenterId: group.dataCenterId,
      description: group.description || undefined,
      rules:
        before && sameRules(before.rules, group.rules) ? before.rules : (group.rules as SecurityGroupInputs["rules"]),
    };
    return { inputs, outputs: outputs(id) };
  },

  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    const limit = { what: `changing security group "${id}"`, ms: twentyMinutes };
    await limited(context, limit, async (signal) => {
      // After an interrupted create it may not be there yet.
      const found = await bringUp(
        { ...lifecycle(api, id, inputs), made: () => true, differences: () => [] },
        { signal, log: context.log },
      );
      const wanted = request(inputs);
      if (found.description !== wanted.description || !sameRules(found.rules, wanted.rules)) {
        await api.securityGroups.update(id, wanted, signal);
      }
    });
    return outputs(id);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const limit = { what: `deleting security group "${id}"`, ms: twentyMinutes };
    await limited(context, limit, (signal) => bringDown(lifecycle(api, id, inputs), { signal, log: context.log }));
  },
};

function lifecycle(api: CudoApi, id: string, inputs: SecurityGroupInputs): Lifecycle<SecurityGroup> {
  return {
    kind: "security group",
    id,
    importHint: `pulumi import gpu-clusters:cudo:SecurityGroup <name> ${id}`,
    find: (signal) => api.securityGroups.find(id, signal),
    send: (signal) => api.securityGroups.create({ id, ...request(inputs) }, signal),
    differences: (found) => [
      ...(found.dataCenterId === inputs.dataCenterId ? [] : [`data center ${found.dataCenterId}`]),
      ...(sameRules(found.rules, inputs.rules) ? [] : ["other rules"]),
    ],
    ready: () => true,
    failed: () => undefined,
    progress: () => "there",
    remove: (signal) => api.securityGroups.delete(id, signal),
    stuck: () => Promise.resolve("Cudo refuses"),
    outputs: () => outputs(id),
  };
}

function request({ dataCenterId, description = "", rules }: SecurityGroupInputs): SecurityGroupRequest {
  return { dataCenterId, description, rules: rules.map(plainRule) };
}

/** Without what is empty. */
function plainRule({ protocol, ruleType, ports, ipRangeCidr, icmpType }: Rule): Rule {
  return {
    protocol,
    ruleType,
    ...(ports && { ports }),
    ...(ipRangeCidr && { ipRangeCidr }),
    ...(icmpType && { icmpType }),
  };
}

/** Cudo may give rules back in another order. */
function sameRules(a: readonly Rule[], b: readonly Rule[]): boolean {
  const sorted = (rules: readonly Rule[]) => rules.map((rule) => JSON.stringify(plainRule(rule))).sort();
  return isDeepStrictEqual(sorted(a), sorted(b));
}

function checkRule(path: string, rule: Unknowable<SecurityGroupInputs["rules"][number]>): CheckFailure[] {
  if (isUnknown(rule)) {
    return [];
  }
  const failures: CheckFailure[] = [];
  const protocol = known(rule.protocol);
  const ports = known(rule.ports);
  const peer = known(rule.ipRangeCidr);
  const icmpType = known(rule.icmpType);
  if (ports) {
    if (protocol !== undefined && protocol !== "PROTOCOL_TCP" && protocol !== "PROTOCOL_UDP") {
      failures.push({
        property: `${path}.ports`,
        reason: `${protocol} has no ports: leave it out, or choose PROTOCOL_TCP or PROTOCOL_UDP`,
      });
    } else if (!arePorts(ports)) {
      failures.push({
        property: `${path}.ports`,
        reason: `"${ports}" must be a list of ports such as 80,443 or one range such as 1024:2048`,
      });
    }
  }
  if (peer && !isPeer(peer)) {
    failures.push({
      property: `${path}.ipRangeCidr`,
      reason: `"${peer}" must be an address or a range such as 203.0.113.0/24`,
    });
  }
  if (icmpType && !icmpTypes.includes(icmpType)) {
    failures.push({ property: `${path}.icmpType`, reason: `"${icmpType}" must be one of ${icmpTypes.join(", ")}` });
  }
  return failures;
}

function arePorts(ports: string): boolean {
  const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
  const range = ports.split(":");
  if (range.length === 2) {
    return range.every(isPort) && Number(range[0]) <= Number(range[1]);
  }
  return ports.split(",").every((port) => isPort(port.trim()));
}

function isPeer(peer: string): boolean {
  const [address, bits, ...rest] = peer.split("/") as [string, ...string[]];
  const family = isIP(address);
  const inRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && rest.length === 0 && inRange;
}

function outputs(id: string): SecurityGroupOutputs {
  return { securityGroupId: id };
}
