/** The way out of the server's pod, where it has to pass HTTP proxies. */
import { letFetchGoByProxies } from "../provider/cloud/proxy";
import type { AutoscalerConfig } from "./config";

/** For the clouds' APIs. @param cluster endpoint of the API server, which is asked directly whatever the proxies are */
export async function goByProxies(
  { proxies }: Pick<AutoscalerConfig, "proxies">,
  cluster: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (proxies === undefined) return;
  const direct = [proxies["NO_PROXY"], new URL(cluster).hostname].filter(Boolean).join();
  Object.assign(environment, proxies, { NO_PROXY: direct });
  await letFetchGoByProxies();
}
