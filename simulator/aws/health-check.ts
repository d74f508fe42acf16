/** What a load balancer asks a target before it sends it connections. */
import { request } from "node:https";

const timeoutMs = 1_000;

/**
 * Whether the API server on this machine is ready, as the target groups of our clusters ask it (`components/aws/load-balancer.ts`): one that
 * has just begun to listen refuses everybody. Certificates are not checked, as a Network Load Balancer does not check them.
 */
export function isHealthy(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = {
      host: address,
      port,
      path: "/readyz",
      rejectUnauthorized: false,
      agent: false,
      timeout: timeoutMs,
    };
    const asked = request(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("close", () => resolve(false));
    asked.once("error", () => resolve(false));
    asked.end();
  });
}
