/**
 * Machines without processes, for tests in which clusters come and go by the dozen: a control plane is an HTTPS server with the document's
 * certificates and as much of the API as waiting for a cluster takes, a worker is a Ready node in it.
 */
import { createServer, type Server } from "node:https";
import type { NodeDocument } from "../../bootstrap/document";
import { nodeDocumentFromScript } from "../../bootstrap/script";
import { issueCertificate } from "../../provider/kubernetes/certificates";
import type { Machine, MachineKind, MachineSpec, MachineState } from "../../simulator/machines/machine";

interface PaperNode {
  metadata: { name: string; labels: Record<string, string> };
  spec: { unschedulable?: boolean };
  status: { conditions: { type: string; status: string }[]; allocatable: Record<string, string> };
}

class PaperControlPlane {
  readonly nodes = new Map<string, PaperNode>();
  private server: Server | undefined;

  async listen(address: string, { controlPlane }: NodeDocument): Promise<void> {
    const certificate = await issueCertificate(controlPlane!.ca, {
      commonName: "kube-apiserver",
      ipAddresses: [address],
      usages: ["server"],
      validForHours: 1,
    });
    const server = createServer({ key: certificate.privateKey, cert: certificate.certificate }, (request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        const path = new URL(request.url!, "https://x").pathname;
        const [status, json] = this.answer(request.method!, path, body);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
      });
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(6443, address, resolve));
    this.server = server;
  }

  /** As a node whose device plugin runs already. */
  join(name: string, gpus: number): void {
    this.nodes.set(name, {
      metadata: { name, labels: {} },
      spec: {},
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        allocatable: gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {},
      },
    });
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  private answer(method: string, path: string, body: string): [number, object] {
    if (path === "/readyz") return [200, {}];
    if (path === "/version") return [200, { gitVersion: "v1.34.0" }];
    if (path === "/api/v1") return [200, { resources: [{ name: "nodes", kind: "Node", namespaced: false }] }];
    if (method === "POST") return [201, JSON.parse(body) as object];
    if (path === "/api/v1/nodes") return [200, { items: [...this.nodes.values()] }];
    const name = /^\/api\/v1\/nodes\/(.+)$/.exec(path)?.[1];
    const node = name === undefined ? undefined : this.nodes.get(name);
    if (name === undefined) return [200, { items: [] }];
    if (!node) return [404, { message: `nodes "${name}" not found`, reason: "NotFound" }];
    if (method === "DELETE") this.nodes.delete(name);
    if (method === "PATCH") {
      const { spec } = JSON.parse(body) as { spec: { unschedulable: boolean | null } };
      node.spec = spec.unschedulable ? { unschedulable: true } : {};
    }
    return [200, node];
  }
}

export interface PaperTimes {
  /** Until then no control plane answers. */
  booted?: Promise<void>;
  /** Until then no worker is a node. */
  joined?: Promise<void>;
}

export function paperMachines({
  booted = Promise.resolve(),
  joined = Promise.resolve(),
}: PaperTimes = {}): MachineKind {
  const controlPlanes = new Map<string, PaperControlPlane>();

  function machine(spec: MachineSpec): Machine {
    const document = nodeDocumentFromScript(spec.startScript);
    let state: MachineState = "stopped";
    const start = async () => {
      state = "running";
      if (document?.role === "control-plane") {
        const plane = controlPlanes.get(spec.address) ?? new PaperControlPlane();
        controlPlanes.set(spec.address, plane);
        void booted.then(() => plane.listen(spec.address, document));
      } else if (document?.endpoint !== undefined) {
        const { endpoint, nodeName } = document;
        void joined.then(() => controlPlanes.get(new URL(endpoint).hostname)?.join(nodeName, spec.gpus?.count ?? 0));
      }
    };
    const stop = async () => {
      state = "stopped";
      await controlPlanes.get(spec.address)?.close();
    };
    const terminate = async () => {
      await stop();
      controlPlanes.delete(spec.address);
    };
    return {
      spec,
      get state() {
        return state;
      },
      start,
      stop,
      powerCut: stop,
      terminate,
      console: async () => "",
    };
  }

  return {
    name: "light",
    machine,
    sweep: async () => undefined,
    close: async () => {
      await Promise.all([...controlPlanes.values()].map((plane) => plane.close()));
    },
  };
}
