/**
 * Whether an answer of HTTP 200 is AWS's. The SDK takes any XML, and an empty answer, for one in which all is missing: then what exists would be
 * taken for gone, and bought again.
 */
import type { EC2Client } from "@aws-sdk/client-ec2";

interface HttpAnswer {
  statusCode: number;
  body?: Uint8Array | AsyncIterable<Uint8Array>;
}

/** By its name, `kindOf` knows that such an answer says nothing of the outcome. */
class NotAnAnswer extends Error {
  override readonly name = "NotAnAnswer";

  constructor() {
    super("the answer is not as the API is described: something between here and AWS has answered");
  }
}

/** What is in every answer of its kind. */
export function always<T>(value: T | undefined): T {
  if (value === undefined) throw new NotAnAnswer();
  return value;
}

/** Makes a client refuse what something in between has answered. */
export function checkAnswers(stack: EC2Client["middlewareStack"]): void {
  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as HttpAnswer;
      if (response.statusCode !== 200) return result;
      const { headers } = args.request as { headers: Record<string, string> };
      const body = await whole(response.body);
      const action = (context.commandName ?? "").replace(/Command$/, "");
      const isAnswer = headers["content-type"] === form ? isXmlOf(action, body) : isJson(body);
      if (!isAnswer) throw new NotAnAnswer();
      response.body = body;
      return result;
    },
    { step: "deserialize", priority: "low", name: "checkAnswers" },
  );
}

/** What services are asked by that answer in XML. */
const form = "application/x-www-form-urlencoded";

function isXmlOf(action: string, body: Uint8Array): boolean {
  const root = /^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?<(?:[\w.-]+:)?(\w+)/.exec(Buffer.from(body).toString("utf8"))?.[1];
  return root === `${action}Response`;
}

/** Calls without a result have an empty answer. */
function isJson(body: Uint8Array): boolean {
  if (body.length === 0) return true;
  try {
    const json: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return typeof json === "object" && json !== null && !Array.isArray(json);
  } catch {
    return false;
  }
}

async function whole(body: HttpAnswer["body"] = new Uint8Array()): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
