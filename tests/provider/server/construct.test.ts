import assert from "node:assert/strict";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Components } from "../../../provider/server/construct";
import type { ProviderDefinition } from "../../../provider/server/resource";

const processEvents = ["uncaughtException", "unhandledRejection", "exit"] as const;
const listeners = () => processEvents.map((event) => process.listeners(event as "exit"));

/** The SDK exports no server for components, so it is taken where it is registered: another SDK may do that in another way. */
describe("components by the SDK's own server", () => {
  let server: grpc.Server;
  let engine: string;

  before(async () => {
    // An engine that implements nothing.
    server = new grpc.Server();
    const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", grpc.ServerCredentials.createInsecure());
    engine = `127.0.0.1:${port}`;
  });
  after(() => server.forceShutdown());

  it("are made by the server that is caught, and nothing else of it stays in the process", async () => {
    const { addService } = grpc.Server.prototype;
    const before = listeners();
    const definition = { name: "fixture", version: "0.0.1", components: {} } as unknown as ProviderDefinition;
    const components = new Components(definition, () => Promise.resolve({ name: "fixture" }));
    const request = new ConstructRequest();
    request.setProject("project");
    request.setStack("stack");
    request.setType("fixture:things:Nothing");
    request.setName("nothing");
    request.setInputs(Struct.fromJavaScript({}));
    request.setMonitorendpoint(engine);
    await assert.rejects(components.construct(request, engine), /fixture has no component fixture:things:Nothing/);
    assert.equal(grpc.Server.prototype.addService, addService);
    assert.deepEqual(listeners(), before);
  });
});
