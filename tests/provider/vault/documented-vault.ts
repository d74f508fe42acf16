/** A real Vault that is prepared as docs/encrypted-disks.md says, with its own policies. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openMachineAccess, type MachineAccess } from "../../../provider/vault/machine-access";
import type { RealVault } from "./real-vault";

/** What the deployer may do there, by his own token. */
export async function prepareAsDocumented(
  vault: RealVault,
  scope: string,
): Promise<{ access: MachineAccess; token: string }> {
  await vault.done("POST", "sys/auth/gpu-clusters", { type: "approle" });
  const { accessor } = (await vault.done("GET", "sys/auth")).data["gpu-clusters/"];
  const [machines, deployer, autoscaler] = documentedPolicies();
  const policies = { "gpu-clusters-machine": machines!, "gpu-clusters-autoscaler": autoscaler!, deployer: deployer! };
  for (const [name, policy] of Object.entries(policies))
    await vault.done("POST", `sys/policies/acl/${name}`, { policy: policy.replaceAll("ACCESSOR", accessor) });
  const { auth } = await vault.done("POST", "auth/token/create", { policies: ["deployer"] });
  const token = auth.client_token as string;
  const place = { address: `https://127.0.0.1:${vault.port}`, certificateAuthority: vault.certificateAuthority };
  return { access: openMachineAccess({ vault: { token } }, place, scope), token };
}

/** The machines', the deployer's and the autoscaler's. */
function documentedPolicies(): string[] {
  const page = readFileSync(join(__dirname, "../../../docs/encrypted-disks.md"), "utf8");
  return [...page.matchAll(/ *```hcl\n([^]*?)```/g)].map(([, text]) => text!);
}
