import type { Unwrap } from "../../../sdk/pulumi";
import type { AutoscalerRoleArgs } from "../../../sdk/vault/autoscaler-role";
import { vaultDefaults } from "../../../sdk/vault/defaults";
import { vaultProblems } from "../../../sdk/vault/problems";
import { known, type Fields } from "../../cloud/inputs";
import { messageOf } from "../../../sdk/message";
import { PartialFailure, type ResourceContext, type ResourceHandler, type Unknowable } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import type { VaultApi } from "../client";
import { connect } from "../connection";
import { isVaultError } from "../errors";
import type { MachineVault } from "../machine-access";

export type AutoscalerRoleInputs = Unwrap<AutoscalerRoleArgs> & { policy: string };

export interface AutoscalerRoleOutputs {
  roleId: string;
  secretId: string;
}

/** The autoscaler logs in three times in it. */
const tokenTtl = "30m";

export const autoscalerRole: ResourceHandler<AutoscalerRoleInputs, AutoscalerRoleOutputs> = {
  check({ role, vault }) {
    const address = isUnknown(vault) ? undefined : known(vault.address);
    const name = known(role);
    // Vault's own rule for a role's name.
    const isWrong = name !== undefined && !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name);
    const reason = `"${name}" must have small letters, digits, dots, hyphens and underscores, and begin and end with a letter or digit`;
    return [...vaultProblems({ address }), ...(isWrong ? [{ property: "role", reason }] : [])];
  },

  plan({ inputs, outputs }, { vault }) {
    const moves = placeOf(inputs.vault) !== placeOf(vault as Unknowable<MachineVault>);
    return {
      replaces: moves ? ["vault"] : [],
      outputs: isWhole(outputs) ? [] : ["roleId", "secretId"],
    };
  },

  preview: (_inputs, state) =>
    state && isWhole(state.outputs) ? state.outputs : { roleId: Unknown.value, secretId: Unknown.value },

  async create(inputs, context) {
    const { role } = inputs;
    return { id: role, outputs: await bring(inputs, context) };
  },

  async read(id, state, context) {
    if (state === undefined)
      throw new Error(`${id}: an autoscaler's role cannot be imported: its secret id is told once`);
    const { role, vault } = state.inputs;
    try {
      const roleId = await api(vault, context).roleId(mountOf(vault), role, context.signal);
      if (!isWhole(state.outputs)) return state;
      // Another one of the name does not know this secret id.
      if (roleId !== state.outputs.roleId) return undefined;
      const login = await loginOf(state.inputs, state.outputs, context);
      // Somebody has given it other rights: shown as another policy, which `up` sets back.
      if (login !== undefined) return { ...state, inputs: { ...state.inputs, policy: login.policy } };
      context.log.warn(
        `${role}: its secret id is none any more, so that the autoscaler acts no more: \`pulumi up\` gives it another`,
      );
      return { ...state, outputs: { roleId, secretId: "" } };
    } catch (error) {
      if (isVaultError(error, "notFound")) return undefined;
      throw error;
    }
  },

  async update(_id, inputs, { outputs }, context) {
    if (!isWhole(outputs)) return bring(inputs, context);
    await write(inputs, context);
    return outputs;
  },

  delete: (_id, { inputs: { role, vault } }, context) =>
    api(vault, context).deleteRole(mountOf(vault), role, context.signal),
};

/** The policies that a login gives, in one text; undefined where Vault does not know the secret id any more. What is not told is as it was. */
async function loginOf(
  { vault, policy }: AutoscalerRoleInputs,
  { roleId, secretId }: AutoscalerRoleOutputs,
  context: ResourceContext,
): Promise<{ policy: string } | undefined> {
  const as = { authMount: mountOf(vault), roleId, secretId };
  try {
    const policies = await connect({ vault: { as } }, vault).login(context.signal);
    return { policy: policies?.join(", ") ?? policy };
  } catch (error) {
    context.signal.throwIfAborted();
    return isVaultError(error, "invalid") && /secret.?id/i.test(error.message) ? undefined : { policy };
  }
}

/** The role, and a secret id of it. One whose answer was lost goes with the role. */
async function bring(inputs: AutoscalerRoleInputs, context: ResourceContext): Promise<AutoscalerRoleOutputs> {
  const { role, vault } = inputs;
  const { signal } = context;
  const vaultApi = api(vault, context);
  let isWritten = false;
  try {
    await write(inputs, context);
    isWritten = true;
    const roleId = await vaultApi.roleId(mountOf(vault), role, signal);
    return { roleId, secretId: await vaultApi.secretId(mountOf(vault), role, signal) };
  } catch (error) {
    // What was refused is not there.
    if (!isWritten && isVaultError(error, "permission", "invalid")) throw error;
    throw new PartialFailure(role, { roleId: "", secretId: "" }, [messageOf(error)], { cause: error });
  }
}

function write({ role, vault, policy }: AutoscalerRoleInputs, context: ResourceContext): Promise<void> {
  const settings = { token_policies: [policy], token_ttl: tokenTtl, token_max_ttl: tokenTtl };
  return api(vault, context).writeRole(mountOf(vault), role, settings, context.signal);
}

function api(vault: MachineVault, { config }: ResourceContext): VaultApi {
  return connect(config, vault);
}

function mountOf({ authMount = vaultDefaults.authMount }: MachineVault): string {
  return authMount;
}

/** What is not known yet is another. */
function placeOf(vault: Unknowable<MachineVault>): string | undefined {
  if (isUnknown(vault)) return undefined;
  const { address, namespace, authMount = vaultDefaults.authMount } = vault as Fields<MachineVault>;
  const parts: unknown[] = [address, namespace, authMount];
  return parts.some(isUnknown) ? undefined : JSON.stringify(parts);
}

function isWhole({ secretId }: Partial<AutoscalerRoleOutputs>): boolean {
  return secretId !== undefined && secretId !== "";
}
