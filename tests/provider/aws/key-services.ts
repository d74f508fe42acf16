/** As much of SSM's parameters and of KMS as a cluster's keys need, in this process: what is cut at each request asks for thousands. */
import { fakeServer, type Answer, type FakeServer, type SeenRequest } from "../cudo/fake-server";

interface Parameter {
  version: number;
  tags: Map<string, string>;
}

interface Asked {
  Name?: string;
  Names?: string[];
  Overwrite?: boolean;
  ResourceId?: string;
  Tags?: { Key: string; Value: string }[];
  TagKeys?: string[];
  Plaintext?: string;
  CiphertextBlob?: string;
}

export interface KeyServices extends FakeServer {
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export async function keyServices(): Promise<KeyServices> {
  const parameters = new Map<string, Parameter>();
  const error = (name: string): Answer => ({ status: 400, json: { __type: name, message: name } });

  function answer(operation: string, asked: Asked): Answer {
    const { Name = "", Names = [], ResourceId = "", Tags = [], TagKeys = [] } = asked;
    const found = parameters.get(ResourceId || Name);
    switch (operation) {
      case "Encrypt":
        return { json: { CiphertextBlob: asked.Plaintext } };
      case "Decrypt":
        return { json: { Plaintext: asked.CiphertextBlob } };
      case "GetParameters": {
        const there = Names.filter((name) => parameters.has(name));
        return { json: { Parameters: there.map((Name) => ({ Name, Version: parameters.get(Name)!.version })) } };
      }
      case "PutParameter": {
        if (found && !asked.Overwrite) return error("ParameterAlreadyExists");
        const tags = found?.tags ?? new Map(Tags.map(({ Key, Value }) => [Key, Value]));
        const version = (found?.version ?? 0) + 1;
        parameters.set(Name, { version, tags });
        return { json: { Version: version } };
      }
      case "DeleteParameters":
        for (const name of Names) parameters.delete(name);
        return { json: {} };
      case "ListTagsForResource":
        if (!found) return error("InvalidResourceId");
        return { json: { TagList: [...found.tags].map(([Key, Value]) => ({ Key, Value })) } };
      case "AddTagsToResource":
        for (const { Key, Value } of Tags) found?.tags.set(Key, Value);
        return found ? { json: {} } : error("InvalidResourceId");
      case "RemoveTagsFromResource":
        for (const key of TagKeys) found?.tags.delete(key);
        return found ? { json: {} } : error("InvalidResourceId");
      default:
        return error("UnknownOperationException");
    }
  }

  const server = await fakeServer(({ headers, body }: SeenRequest) =>
    answer(String(headers["x-amz-target"]).split(".")[1]!, JSON.parse(body) as Asked),
  );
  return Object.assign(server, { parameters });
}
