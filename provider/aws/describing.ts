/** What every client of AWS's SDK gets here. Apart from the clients, so that each caller loads its own only. */
import type { EC2Client } from "@aws-sdk/client-ec2";
import { checkAnswers } from "./answer-shape";
import { isThrottling, toAwsError } from "./errors";

// We pin the SDK's version and support Node 20 with it; what later versions will need is no news to a user of ours.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** Makes the client throw `AwsApiError`, also for what is no answer of AWS's. */
export function describing<C extends { readonly middlewareStack: Pick<EC2Client["middlewareStack"], "identify"> }>(
  client: C,
): C {
  // The stacks of the clients differ in the types of their commands only, which do not matter here.
  const stack = client.middlewareStack as EC2Client["middlewareStack"];
  const { profile } = (client as { config?: { profile?: string } }).config ?? {};
  stack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw toAwsError(error, (context.commandName ?? "").replace(/Command$/, ""), profile);
      }
    },
    { step: "initialize", priority: "high", name: "describeErrors" },
  );
  // The SDK knows fewer codes that ask for patience, and gives up at the others: SSM's `TooManyUpdates` is one.
  stack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw isThrottling(error) ? Object.assign(error, { $retryable: { throttling: true } }) : error;
      }
    },
    { step: "finalizeRequest", priority: "low", name: "markThrottling" },
  );
  checkAnswers(stack);
  return client;
}
