import assert from "node:assert/strict";
import { RunPluginRequest } from "@pulumi/pulumi/proto/language_pb";
import { pluginArguments } from "../../../stand-ins/language-host/run-plugin";

describe("arguments of a plugin in a folder", () => {
  const request = (kind: string, args: string[]) => {
    const made = new RunPluginRequest();
    made.setKind(kind);
    made.setArgsList(args);
    return made;
  };

  it("are the engine's address, then the folder, for a policy pack", () => {
    assert.deepEqual(pluginArguments(request("analyzer", ["127.0.0.1:1", "."]), "/pack"), ["127.0.0.1:1", "/pack"]);
    assert.deepEqual(pluginArguments(request("analyzer", ["127.0.0.1:1"]), "/pack"), ["127.0.0.1:1", "/pack"]);
  });

  it("are the folder, then what the engine gives, for others", () => {
    assert.deepEqual(pluginArguments(request("resource", ["127.0.0.1:1"]), "/plugin"), ["/plugin", "127.0.0.1:1"]);
  });
});
