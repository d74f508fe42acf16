/** The stand-in for the aws provider as its executable, and a simulated AWS to speak to. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAwsSimulator, type AwsContents, type AwsSimulator } from "../../../simulator/aws";
import { endpointsAt } from "../../../stand-ins/aws/services";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { quick, region } from "../../provider/aws/scene";

export interface StandInScene {
  readonly simulator: AwsSimulator;
  /** Where `pulumi-resource-aws` is. */
  readonly directory: string;
  /** The provider's configuration, as its SDK sends it. */
  config(rest?: Record<string, unknown>): Record<string, unknown>;
  /** Ids of all that exists, by kind. */
  left(): Promise<Record<string, string[]>>;
  close(): Promise<void>;
}

export async function startStandInScene(): Promise<StandInScene> {
  const directory = mkdtempSync(join(tmpdir(), "stand-in-aws-"));
  const close = async () => rmSync(directory, { recursive: true, force: true });
  try {
    await buildStandIn("aws", directory);
    const simulator = await startAwsSimulator({ stateDir: join(directory, "aws"), timing: quick });
    const { endpoint } = simulator;
    return {
      simulator,
      directory,
      config: (rest = {}) => ({
        region,
        accessKey: "test",
        secretKey: "test",
        endpoints: JSON.stringify([endpointsAt(endpoint)]),
        skipCredentialsValidation: "true",
        skipRequestingAccountId: "true",
        ...rest,
      }),
      left: async () => leftIn(await simulator.state()),
      close: async () => {
        const wrong = await simulator.misfits();
        await simulator.close();
        await close();
        assert.deepEqual(wrong, [], "requests that AWS's own models do not have");
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function leftIn(contents: AwsContents): Record<string, string[]> {
  const ids = Object.entries(contents).map(([kind, objects]) => [kind, objects.map(({ id }) => id)] as const);
  return Object.fromEntries(ids.filter(([, found]) => found.length > 0));
}
