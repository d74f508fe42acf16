/** SSM's parameters as a machine reads and writes them, over the API and with nothing but its role. */

export interface MachinePlace {
  readonly account: string;
  readonly region: string;
}

/** SSM has no such parameter, or refused; the message is its own. */
export class ParameterError extends Error {}

export class MachineParameters {
  /** `endpoint`: asked for each call, because machines may ask before it is known. */
  constructor(private readonly endpoint: () => string) {}

  async get(name: string, place: MachinePlace, signal: AbortSignal): Promise<string> {
    const answer = await this.call<{ Parameter: { Value: string } }>(
      "GetParameter",
      { Name: name, WithDecryption: true },
      place,
      signal,
    );
    return answer.Parameter.Value;
  }

  async put(name: string, value: string, place: MachinePlace, signal: AbortSignal): Promise<void> {
    await this.call("PutParameter", { Name: name, Value: value, Type: "SecureString", Overwrite: true }, place, signal);
  }

  private async call<T>(
    action: string,
    body: object,
    { account, region }: MachinePlace,
    signal: AbortSignal,
  ): Promise<T> {
    const response = await fetch(this.endpoint(), {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AmazonSSM.${action}`,
        // moto looks at the scope only, and takes the account from its own header.
        authorization: `AWS4-HMAC-SHA256 Credential=machine/20260101/${region}/ssm/aws4_request, SignedHeaders=host, Signature=none`,
        "x-moto-account-id": account,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    const answer = (await response.json()) as T & { __type?: string; message?: string };
    if (!response.ok)
      throw new ParameterError(`ssm:${action}: ${answer.__type ?? response.status} ${answer.message ?? ""}`);
    return answer;
  }
}
