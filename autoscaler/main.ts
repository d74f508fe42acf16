/**
 * The server's process: `node autoscaler.cjs <configuration file>`. Ends by SIGTERM, without touching any group. It asks the cluster that it is a
 * pod of; outside of one, the cluster of `KUBECONFIG`.
 */
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { openNodeGroup } from "../provider/clouds";
import { kubernetesApi } from "../provider/kubernetes/client";
import { connect as connectVault } from "../provider/vault/connection";
import type { MachineVault } from "../provider/vault/machine-access";
import { parseKubeconfig } from "../sdk/kubernetes/kubeconfig";
import { waitForSlowNetworks } from "../sdk/slow-networks";
import { Autoscaler } from "./autoscaler";
import { followAuthority, ownKubeconfig } from "./cluster/own-cluster";
import { parseConfig, type AutoscalerConfig, type ConfiguredGroup } from "./config";
import { goByProxies } from "./proxies";

async function main(file: string | undefined): Promise<void> {
  const log = pino();
  if (file === undefined) throw new Error("the configuration file is missing: node autoscaler.cjs <file>");
  const config = parseConfig(readFileSync(file, "utf8"));
  const { KUBECONFIG } = process.env;
  const kubeconfig = KUBECONFIG ? readFileSync(KUBECONFIG, "utf8") : ownKubeconfig();
  await goByProxies(config, parseKubeconfig(kubeconfig).endpoint);
  const autoscaler = new Autoscaler({
    config,
    log,
    kubernetes: kubernetesApi(kubeconfig),
    // Kubelet asks a pod by its address; outside of a cluster nobody but this computer does.
    host: KUBECONFIG ? "127.0.0.1" : "0.0.0.0",
    open: ({ cloud, spec, owner, name }: ConfiguredGroup) =>
      openNodeGroup(cloud, config.providers, withOwnAccess(spec, kubeconfig), {
        owner,
        warn: (message) => log.warn({ group: name }, message),
      }),
    login: loginTo(config),
  });
  const ending = new AbortController();
  const end = () => {
    ending.abort();
    void autoscaler.stop().then(() => process.exit(0));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
  if (!KUBECONFIG) {
    const changed = () => {
      log.warn("the cluster's authority is another now: ends, to be started with it");
      end();
    };
    void followAuthority(changed, { signal: ending.signal });
  }
  await autoscaler.start();
}

/** To the Vault of encrypted disks, which is one for all groups. */
function loginTo({ groups, providers }: AutoscalerConfig) {
  const vault = groups.map(({ spec }) => spec["vault"] as MachineVault | undefined).find(Boolean);
  return vault && ((signal: AbortSignal) => connectVault(providers, vault).login(signal));
}

/** What a group does in its cluster, it does here with the pod's rights instead of an administrator's. */
function withOwnAccess(spec: ConfiguredGroup["spec"], kubeconfig: string): ConfiguredGroup["spec"] {
  return "kubeconfig" in spec ? { ...spec, kubeconfig } : spec;
}

waitForSlowNetworks();
main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
