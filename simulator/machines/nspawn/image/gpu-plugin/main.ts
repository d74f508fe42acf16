/**
 * In the place of NVIDIA's device plugin, whose image no machine here can pull: advertises the device files of GPUs that do not exist, by the
 * same protocol (reference: Kubernetes, "Device Plugins", v1beta1). `gpu-feature-discovery` has nothing to discover.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, credentials, Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import {
  advertised,
  allocation,
  byCdi,
  byFiles,
  cdiHookOf,
  cdiSpecification,
  listing,
  sharesOf,
  type Configuration,
} from "./allocation";
import { field } from "./wire";

const sockets = "/var/lib/kubelet/device-plugins";
const specifications = "/var/run/cdi";
const endpoint = "nvidia-gpu.sock";
const resource = "nvidia.com/gpu";
const lookMs = 1_000;

type Answer = (error: null, message: Buffer) => void;
const bytes = (message: Buffer) => message;

async function plugin(devices: readonly string[], configuration: Configuration): Promise<void> {
  const shares = sharesOf(configuration);
  const hook = cdiHookOf(configuration);
  if (hook !== undefined)
    writeFileSync(
      join(specifications, "k8s.device-plugin.nvidia.com-gpu.json"),
      JSON.stringify(cdiSpecification(devices, hook)),
    );
  const server = new Server();
  server.addService(service, {
    GetDevicePluginOptions: (_call: unknown, answer: Answer) => answer(null, Buffer.alloc(0)),
    PreStartContainer: (_call: unknown, answer: Answer) => answer(null, Buffer.alloc(0)),
    // Stays open: its end would be the end of the devices.
    ListAndWatch: (call: { write(message: Buffer): void }) => call.write(listing(advertised(devices, shares))),
    Allocate: (call: { request: Buffer }, answer: Answer) =>
      answer(null, allocation(call.request, devices, hook === undefined ? byFiles : byCdi)),
  });
  const own = join(sockets, endpoint);
  rmSync(own, { force: true });
  await new Promise<void>((resolve, reject) => {
    const bound = (error: Error | null) => (error ? reject(error) : resolve());
    server.bindAsync(`unix:${own}`, ServerCredentials.createInsecure(), bound);
  });
  await register();
  console.log(`advertises ${devices.length} devices, each ${shares} times`);
  // A kubelet that starts again empties the directory, and wants to be told again.
  setInterval(() => existsSync(own) || process.exit(1), lookMs);
}

async function register(): Promise<void> {
  const kubelet = new Client(`unix:${join(sockets, "kubelet.sock")}`, credentials.createInsecure());
  const registration = Buffer.concat([field(1, "v1beta1"), field(2, endpoint), field(3, resource)]);
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => (error ? reject(error) : resolve());
      kubelet.makeUnaryRequest("/v1beta1.Registration/Register", bytes, bytes, registration, done);
    });
  } finally {
    kubelet.close();
  }
}

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

process.on("SIGTERM", () => process.exit(0));
const devices = readdirSync("/dev")
  .filter((name) => /^nvidia\d+$/.test(name))
  .sort((one, other) => Number(one.slice(6)) - Number(other.slice(6)))
  .map((name) => `/dev/${name}`);
const file = process.env["CONFIG_FILE"];
const configuration = (file === undefined ? {} : JSON.parse(readFileSync(file, "utf8"))) as Configuration;
const isPlugin = process.argv[2] === "nvidia-device-plugin";
if (isPlugin && devices.length > 0)
  plugin(devices, configuration).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
else setInterval(() => undefined, 2 ** 30);
