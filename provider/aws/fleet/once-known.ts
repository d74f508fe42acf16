import { waitFor, type Pace } from "../../cloud/wait";
import { isAwsError } from "../errors";

const knownWithinMs = 30_000;

/**
 * What is asked of EC2 about a launch template, or with it. EC2's parts learn of a new one, and of a new version, one after the other, so that
 * who asks at once may be told that there is none. Reference: EC2 API, "Eventual consistency".
 */
export async function onceKnown<T>(
  ask: () => Promise<T | undefined>,
  signal: AbortSignal,
  pace: Pace,
): Promise<T | undefined> {
  const end = Date.now() + knownWithinMs;
  const { answer } = await waitFor(
    async () => {
      const isLast = Date.now() >= end;
      try {
        const answer = await ask();
        return answer === undefined && !isLast ? undefined : { answer };
      } catch (error) {
        if (!isLast && isAwsError(error, "notFound") && error.code.includes("LaunchTemplate")) return undefined;
        throw error;
      }
    },
    signal,
    pace,
  );
  return answer;
}
