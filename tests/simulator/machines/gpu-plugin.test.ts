import assert from "node:assert/strict";
import {
  allocation,
  byCdi,
  byFiles,
  cdiHookOf,
  cdiSpecification,
} from "../../../simulator/machines/nspawn/image/gpu-plugin/allocation";
import { field } from "../../../simulator/machines/nspawn/image/gpu-plugin/wire";

const files = ["/dev/nvidia0", "/dev/nvidia1"];
const requestOf = (...ids: string[]) =>
  field(
    1,
    ids.map((id) => field(1, id)),
  );

describe("the stand-in for NVIDIA's device plugin", () => {
  it("gives containers their GPUs by the names of a CDI specification, where the plugin's configuration says so", () => {
    assert.equal(cdiHookOf({}), undefined);
    assert.equal(cdiHookOf({ flags: { plugin: { deviceListStrategy: ["envvar"] } } }), undefined);
    const hook = cdiHookOf({ flags: { plugin: { deviceListStrategy: ["cdi-cri"], nvidiaCTKPath: "/usr/bin/hook" } } });
    const { kind, devices } = cdiSpecification(files, hook!) as { kind: string; devices: { name: string }[] };
    const answer = allocation(requestOf("GPU-1"), files, byCdi);
    assert.deepEqual(answer, field(1, [field(5, [field(1, `${kind}=${devices[1]!.name}`)])]));
  });

  it("gives a GPU once to a container that has two shares of it", () => {
    const request = Buffer.concat([requestOf("GPU-1::0", "GPU-1::1"), requestOf("GPU-0::0")]);
    const text = allocation(request, files, byFiles).toString();
    assert.equal(text.split("/dev/nvidia1").length - 1, 2, "on the machine and in the container");
    assert.equal(text.split("/dev/nvidia0").length - 1, 2);
  });
});
