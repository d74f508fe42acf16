/** What somebody deletes or changes in Vault by hand: `up` brings it right, and a destroy leaves nothing. */
import { provider } from "../../../plugin/provider";
import { startPlugin, type Plugin } from "../server/harness";
import { itStandsWhatIsDoneByHand, type ByHand } from "../server/harness/by-hand";
import { RoleStandIn, standInToken } from "./role-stand-in";

describe("By hand in Vault", function () {
  this.timeout(300_000);
  let vault: RoleStandIn;
  let plugin: Plugin;
  before(async () => {
    vault = await RoleStandIn.start();
    plugin = await startPlugin(provider, { config: { vault: { token: standInToken } } });
  });
  after(async () => {
    await plugin?.stop();
    await vault?.close();
  });

  const nameOf = (round: string) => `lab.${round}.nodes`;
  const found = (round: string) => vault.roles.get(`gpu-clusters/${nameOf(round)}`)!;
  const role = {
    type: "gpu-clusters:vault:AutoscalerRole",
    inputs: (round: string) => ({ vault: vault.place, role: nameOf(round) }),
    updated: (round: string) => ({ vault: vault.place, role: nameOf(round), policy: "own" }),
    left: (round: string) =>
      Promise.resolve(
        vault.left().includes(`gpu-clusters/${nameOf(round)}`)
          ? [`${nameOf(round)} ${JSON.stringify(found(round).settings)} ${found(round).secretIds.length}`]
          : [],
      ),
  };
  const rows: ByHand[] = [
    {
      ...role,
      lose: (round) => Promise.resolve(vault.roles.delete(`gpu-clusters/${nameOf(round)}`)),
    },
    // What a role is may not be read by who makes roles (docs/encrypted-disks.md), but its login tells what it may do.
    {
      ...role,
      of: "another policy",
      change: (round) => Promise.resolve((found(round).settings["token_policies"] = ["root-of-all", "more"])),
    },
    {
      ...role,
      of: "no secret id",
      change: (round) => Promise.resolve((found(round).secretIds.length = 0)),
    },
  ];
  itStandsWhatIsDoneByHand("vault", () => plugin, rows);
});
