import { isHostAndPort } from "../host-and-port";

/** What is wrong with a Vault's address, by the user's own field. Pure. */
export function vaultProblems({ address }: { address: string | undefined }): { property: string; reason: string }[] {
  return address === undefined ||
    (address.startsWith("https://") && isHostAndPort(address.slice("https://".length), false))
    ? []
    : [
        {
          property: "vault.address",
          // What may have a password in it is not shown.
          reason: `${address.includes("@") ? "" : `"${address}" `}must be https://host:port, such as https://vault.example.com:8200, without a path`,
        },
      ];
}
