/** Asks the machines that are missing for their logs, in the ways that a resource's inputs open. */
import type { AwsConnection } from "../../../sdk/aws/config";
import type { ProviderConfig, ResourceContext } from "../../server/resource";
import { askMachines, bootstrapLines, logOverSsh, type LogSource, type MachineReport } from "../machine-log";

export interface AskedMachine {
  nodeName: string;
  address?: string;
  instanceId?: string;
}

export interface LogAccess {
  sshPrivateKey?: string;
  ec2Connection?: AwsConnection;
}

export async function machineReports(
  machines: readonly AskedMachine[],
  { sshPrivateKey, ec2Connection }: LogAccess,
  { config, signal }: Pick<ResourceContext, "config" | "signal">,
): Promise<MachineReport[]> {
  const reachable = machines.flatMap(({ nodeName, address }) => (address === undefined ? [] : { nodeName, address }));
  if (sshPrivateKey !== undefined && reachable.length > 0) {
    return askMachines(reachable, logOverSsh(sshPrivateKey), signal);
  }
  const instances = machines.flatMap(({ nodeName, instanceId }) =>
    instanceId === undefined ? [] : { nodeName, instanceId },
  );
  return askMachines(instances, logOnConsole(config, ec2Connection), signal);
}

function logOnConsole(
  config: ProviderConfig,
  connection: AwsConnection | undefined,
): LogSource<{ readonly nodeName: string; readonly instanceId: string }> {
  return {
    name: "its console",
    async read({ instanceId }, signal) {
      const { consoleOutput } = await import("../../aws/console-output.js");
      return bootstrapLines(await consoleOutput(config, connection, instanceId, signal));
    },
  };
}
