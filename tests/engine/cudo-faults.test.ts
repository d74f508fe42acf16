import { rmSync } from "node:fs";
import { join } from "node:path";
import { testCluster, type TestCluster } from "../simulator/machines/test-cluster";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { describeFaults, type Call, type Started } from "./fault-bench";
import { until } from "../until";

const project = "/v1/projects/simulator";

/** Every call that an `up` of `programs/cudo-pieces` makes. VMs are made three times: the program's own, and a group's two. */
const calls: readonly Call[] = [
  call("GET", "/v1/vms/data-centers"),
  call("GET", "/v1/vms/machine-types?projectId=simulator"),
  call("GET", "/v1/vms/public-images"),
  call("GET", `${project}/images?pageNumber=1&pageSize=100`),
  call("GET", `${project}/networks/pieces-network`),
  call("POST", `${project}/networks`),
  call("GET", `${project}/security-groups/pieces-nodes`),
  call("POST", `${project}/security-groups`),
  call("GET", `${project}/disks/pieces-disk`),
  call("POST", `${project}/disks`),
  call("GET", `${project}/vms/pieces-vm`),
  call("POST", `${project}/vm`, 3),
  call("GET", `${project}/vms`),
  call("GET", `${project}/vms/pieces-group-0`),
  call("GET", `${project}/vms/pieces-group-1`),
];

function call(method: string, path: string, least = 1): Call {
  const match = { method, path: `^${path.replace(/[?.]/g, "\\$&")}$` };
  return { name: `${method} ${path}`, match, least, isWrite: method !== "GET" };
}

async function start(): Promise<Started> {
  const cluster = await testCluster();
  await cluster.control.start();
  const environment = await EngineEnvironment.start({ machines: false, timing: { scale: 0 } });
  await administratorHasRights(cluster);
  const program = await compiledProgram(join(__dirname, "programs", "cudo-pieces"));
  const stack = await environment.stack({}, { program, environment: { PIECES_KUBECONFIG: cluster.kubeconfig } });
  return {
    environment,
    stack,
    contents: ({ cudo: { vms, disks, networks, securityGroups } }) => ({
      vms: ids(vms),
      disks: ids(disks),
      networks: ids(networks),
      securityGroups: ids(securityGroups),
    }),
    stop: async () => {
      await environment.stop();
      await cluster.close();
      rmSync(program, { recursive: true, force: true });
    },
  };
}

async function administratorHasRights({ api }: TestCluster): Promise<void> {
  const secrets = { apiVersion: "v1", kind: "Secret", namespace: "kube-system" };
  await until("an administrator who may read Secrets", () => api.list(secrets));
}

function ids(objects: readonly { id: string }[]): string[] {
  return objects.map(({ id }) => id).sort();
}

describeFaults("an up of Cudo's resources", {
  cloud: "cudo",
  calls,
  nameOf: ({ method, path }) => `${method} ${path}`,
  errorBody: (status) =>
    status === 429
      ? { code: 8, message: "Too many requests", details: [] }
      : { code: 13, message: "internal error", details: [] },
  start,
});
