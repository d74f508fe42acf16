/** Where machines' roles and keys are in Vault, unless the program says else: README's set-up has these names. */
export const vaultDefaults = { authMount: "gpu-clusters", keyMount: "secret", policy: "gpu-clusters-machine" } as const;
