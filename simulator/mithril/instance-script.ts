/**
 * What Mithril's image does on an instance: the order's startup script on the first boot, then the join (reference: Mithril API, "Startup
 * scripts"). Which comes first is not documented; that a script can break the join is.
 */
import type { NodeDocument } from "../../bootstrap/document";
import { renderBootstrapScript } from "../../bootstrap/script";

/** Run as root on each boot. Empty where there is nothing to do. */
export function instanceScript(document: NodeDocument | undefined, startupScript: string | undefined): string {
  const join = document && renderBootstrapScript(document, { delivery: "cudo-start-script" });
  const parts = [startupScript && firstBoot(startupScript), join?.replace(/^#!.*\n/, "")].filter(Boolean);
  return parts.length === 0 ? "" : `#!/bin/bash\n${parts.join("")}`;
}

/** As base64, so that nothing of it can be taken for a part of this script. Paths are those of Mithril's machines. */
function firstBoot(startupScript: string): string {
  const lines =
    Buffer.from(startupScript)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return `script=/var/lib/foundry/startup_script.sh
if [ ! -e "$script" ]; then
  mkdir -p /var/lib/foundry /var/log/foundry
  (umask 077; base64 -d >"$script.new" <<'END STARTUP SCRIPT'
${lines.join("\n")}
END STARTUP SCRIPT
  )
  chmod 700 "$script.new"
  mv "$script.new" "$script"
  "$script" >/var/log/foundry/startup_script.log 2>&1 </dev/null || echo "startup script: exit status $?"
fi
`;
}
