/** The provider's configuration for Vault: who acts there. Which Vault it is, each resource says. */

/**
 * Who acts in HashiCorp Vault, or OpenBao, for machines with encrypted disks.
 * @providerConfig vault
 */
export interface VaultProviderConfig {
  /**
   * Token that may make, read and delete roles of the AppRole mount for machines and autoscalers, write machines' scripts, and delete metadata of their keys; docs/encrypted-disks.md has the
   * policy. Default: the environment's `VAULT_TOKEN`.
   * @secret
   */
  token?: string;
}

/** Fills the default from the environment. What is missing is no failure here: a program without encrypted disks needs none. */
export function checkVaultConfig<T>(
  given: { token?: T },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { config: { token: T | string | undefined }; failures: { property: string; reason: string }[] } {
  const token = given.token ?? (environment["VAULT_TOKEN"]?.trim() || undefined);
  const failures =
    typeof token === "string" && !/^[\x21-\x7e]+$/.test(token)
      ? [{ property: "vault.token", reason: "must be one word of plain characters" }]
      : [];
  return { config: { token }, failures };
}
