import assert from "node:assert/strict";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { withoutSecretValues } from "../../sdk/masked-debug";

const secret = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value: "-----BEGIN PRIVATE KEY-----MIGH",
};

describe("debug messages of the SDK", () => {
  it("have no values where one of them is secret", () => {
    const answer = new resource.RegisterResourceResponse();
    answer.setObject(Struct.fromJavaScript({ open: "yes", key: secret }));
    const label = "RegisterResource RPC finished: resource:train[gpu-clusters:cudo:Vm]";
    assert.ok(`${answer}`.includes("MIGH"), "the SDK's way to print an answer shows its values");
    assert.equal(withoutSecretValues(`${label}; err: null, resp: ${answer}`), `${label} (has secrets, not logged)`);
    const request = `Invoke RPC prepared: tok=a:b:c, obj=${JSON.stringify({ secret })}`;
    assert.equal(withoutSecretValues(request), "Invoke RPC prepared: tok=a:b:c (has secrets, not logged)");
    assert.equal(withoutSecretValues(`${JSON.stringify(secret)} resp: x`), "(has secrets, not logged)");
  });

  it("stay as they are otherwise", () => {
    const answer = new resource.RegisterResourceResponse();
    answer.setObject(Struct.fromJavaScript({ open: "yes" }));
    const message = `RegisterResource RPC finished: x; err: null, resp: ${answer}`;
    assert.equal(withoutSecretValues(message), message);
  });
});
