/**
 * A device plugin that gives a node GPUs which do not exist (reference: Kubernetes, "Device Plugins", v1beta1). It runs on the host: the
 * directory of kubelet's sockets lies on the machine's disk.
 */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";

export const gpuResource = "nvidia.com/gpu";
const endpoint = "test-gpu.sock";

export interface DevicePlugin {
  stop(): void;
}

/** @param diskDirectory of the machine, which is on */
export async function advertiseGpus(diskDirectory: string, count: number): Promise<DevicePlugin> {
  // The path of a socket has at most 107 bytes.
  const short = mkdtempSync(join(tmpdir(), "gpu-"));
  const sockets = join(short, "s");
  symlinkSync(join(diskDirectory, "kubelet", "device-plugins"), sockets);
  const devices = Array.from({ length: count }, (_, index) =>
    field(1, [field(1, `GPU-${index}`), field(2, "Healthy")]),
  );
  const server = new Server();
  server.addService(service, {
    GetDevicePluginOptions: (_call: unknown, answer: Answer) => answer(null, Buffer.alloc(0)),
    PreStartContainer: (_call: unknown, answer: Answer) => answer(null, Buffer.alloc(0)),
    // Stays open: its end would be the end of the devices.
    ListAndWatch: (call: { write(message: Buffer): void }) => call.write(Buffer.concat(devices)),
    Allocate: (call: { request: Buffer }, answer: Answer) => answer(null, allocation(call.request)),
  });
  await new Promise<void>((resolve, reject) => {
    const bound = (error: Error | null) => (error ? reject(error) : resolve());
    server.bindAsync(`unix:${join(sockets, endpoint)}`, ServerCredentials.createInsecure(), bound);
  });
  const kubelet = new Client(`unix:${join(sockets, "kubelet.sock")}`, credentials.createInsecure());
  try {
    const registration = Buffer.concat([field(1, "v1beta1"), field(2, endpoint), field(3, gpuResource)]);
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => (error ? reject(error) : resolve());
      kubelet.makeUnaryRequest("/v1beta1.Registration/Register", bytes, bytes, registration, done);
    });
  } finally {
    kubelet.close();
  }
  return {
    stop() {
      server.forceShutdown();
      rmSync(short, { recursive: true, force: true });
    },
  };
}

type Answer = (error: null, message: Buffer) => void;

const bytes = (message: Buffer) => message;

const service: ServiceDefinition = Object.fromEntries(
  ["GetDevicePluginOptions", "ListAndWatch", "Allocate", "PreStartContainer"].map((name) => [
    name,
    {
      path: `/v1beta1.DevicePlugin/${name}`,
      requestStream: false,
      responseStream: name === "ListAndWatch",
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  ]),
);

/** One answer for each container: its devices in an environment variable, as NVIDIA's own plugin does. */
function allocation(request: Buffer): Buffer {
  const containers = fields(request).map((container) => fields(container).map((id) => id.toString()));
  return Buffer.concat(
    containers.map((ids) => field(1, [field(1, [field(1, "NVIDIA_VISIBLE_DEVICES"), field(2, ids.join(","))])])),
  );
}

/** A field of protobuf's wire format that has a length. All of ours are shorter than 128 bytes. */
function field(number: number, content: string | Buffer[]): Buffer {
  const body = typeof content === "string" ? Buffer.from(content) : Buffer.concat(content);
  if (body.length > 127) throw new RangeError(`${body.length} bytes are too many for this encoding`);
  return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
}

/** The contents of a message that has nothing but such fields. */
function fields(message: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length; at += 2 + message[at + 1]!)
    found.push(message.subarray(at + 2, at + 2 + message[at + 1]!));
  return found;
}
