/** A client of EC2's with the answers of a test, for what the simulated AWS does not have. */
import { EC2Client } from "@aws-sdk/client-ec2";
import { describing } from "../../../provider/aws/describing";

/** `answer` has a call's name, as `DescribeVpcs`, and its input. */
export function cannedEc2(answer: (call: string, input: Record<string, unknown>) => object): EC2Client {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = describing(new EC2Client({ region: "us-west-2", credentials }));
  client.middlewareStack.add(
    (_next, { commandName = "" }) =>
      (args) => {
        const output = { $metadata: {}, ...answer(commandName.replace(/Command$/, ""), args.input as never) };
        return Promise.resolve({ output, response: {} });
      },
    { step: "initialize", priority: "low", name: "canned" },
  );
  return client;
}
