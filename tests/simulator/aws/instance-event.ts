import type { InstanceEvent } from "../../../simulator/aws/moto-process";

/** What the simulated AWS tells of a machine that runs. */
export const instance: InstanceEvent = {
  account: "123456789012",
  region: "us-west-2",
  instanceId: "i-node",
  state: "running",
  instanceType: "m5.large",
  vcpus: 2,
  memoryMib: 8192,
  gpus: [],
  zone: "us-west-2a",
  vpc: "vpc-1",
  privateDns: "ip-10-0-0-7.us-west-2.compute.internal",
  privateIp: "10.0.0.7",
  publicIp: null,
  userData: null,
  boots: 1,
  lifeCycle: "on-demand",
  interruption: null,
  tags: {},
};
