import * as pulumi from "../../../sdk/pulumi";
import { pluginName } from "../../../sdk/plugin/package";

const key = "autoscalerProxies";
const variables = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/**
 * The proxies by which the autoscaler's pod reaches its cloud, as the stack's config names them (`gpu-clusters:autoscalerProxies`, by the environment's
 * variables). Those of whoever runs the program are not taken: a cluster is elsewhere.
 */
export function podProxies(): Readonly<Record<string, string>> | undefined {
  const given = new pulumi.Config(pluginName).getObject<Record<string, unknown>>(key);
  if (given === undefined) return undefined;
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    const path = `${pluginName}:${key}.${name}`;
    if (!variables.includes(name)) return [`${path}: there is no such proxy; there are ${variables.join(", ")}`];
    if (typeof value !== "string") return [`${path}: must be a text`];
    return name === "NO_PROXY" || isHttp(value)
      ? []
      : [`${path}: must be the URL of an HTTP proxy such as http://proxy:3128`];
  });
  if (wrong.length > 0) throw new pulumi.RunError(wrong.join("\n"));
  return given as Record<string, string>;
}

function isHttp(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text);
}
