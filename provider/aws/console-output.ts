import { GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import type { ProviderConfig } from "../server/resource";
import { isAwsError } from "./errors";
import { connect } from "./connection";

/**
 * What an instance wrote on its console, the last 64 KB. Needs `ec2:GetConsoleOutput`. Only instances on Nitro tell what they write now; others
 * what they wrote when they started. Reference: EC2 API, GetConsoleOutput.
 */
async function consoleOutput(instanceId: string, config: ProviderConfig, signal: AbortSignal): Promise<string> {
  const { ec2 } = connect(config);
  const ask = (Latest: boolean) =>
    ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, Latest }), { abortSignal: signal });
  const { Output = "" } = await ask(true).catch((error: unknown) => {
    if (isAwsError(error) && error.code === "UnsupportedOperation") return ask(false);
    throw error;
  });
  return Buffer.from(Output, "base64").toString("utf8");
}

/** The log of a machine that does not become a node: cloud-init writes it on the console. */
export const consoleLog = { name: "its console", read: consoleOutput };
