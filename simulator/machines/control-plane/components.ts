/** The processes of a control plane and their flags: what kubeadm's static pods run, tuned to start fast. */
import type { ControlPlaneDocument } from "../../../bootstrap/document";
import type { Service } from "../light/supervised-process";
import { powerLabel, powerOn } from "../power-label";
import { clientUrl, peerUrl, type EtcdMembership } from "./etcd-membership";
import type { ControlPlaneFiles } from "./files";
import { leaseSeconds, sharedLeaseSeconds } from "./kwok-configuration";

export type ControlPlaneTool = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kwok";
/** Absolute paths of the executables. */
export type ControlPlaneTools = Readonly<Record<ControlPlaneTool, string>>;

interface Surroundings {
  readonly tools: ControlPlaneTools;
  readonly address: string;
  readonly nodeName: string;
  readonly files: ControlPlaneFiles;
  readonly dataDirectory: string;
  readonly controlPlane: ControlPlaneDocument;
  /** Whether other machines serve the cluster's API too. */
  readonly isOneOfSeveral: boolean;
  /** Of a machine that did not begin the cluster. */
  readonly membership: EtcdMembership | undefined;
}

export function etcd(surroundings: Surroundings): Service {
  const { tools, address, nodeName, files, dataDirectory, isOneOfSeveral, membership } = surroundings;
  const client = clientUrl(address);
  const peer = peerUrl(address);
  return service("etcd", tools.etcd, {
    name: nodeName,
    "data-dir": dataDirectory,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": membership?.initialCluster ?? `${nodeName}=${peer}`,
    "initial-cluster-state": membership ? "existing" : "new",
    "cert-file": files.path("etcd.crt"),
    "key-file": files.path("etcd.key"),
    "client-cert-auth": "true",
    "trusted-ca-file": files.path("etcd-ca.crt"),
    "peer-cert-file": files.path("etcd.crt"),
    "peer-key-file": files.path("etcd.key"),
    "peer-client-cert-auth": "true",
    "peer-trusted-ca-file": files.path("etcd-ca.crt"),
    // A simulated cluster may lose its last writes when the computer itself loses power; it survives the end of any process.
    "unsafe-no-fsync": "true",
    ...(isOneOfSeveral
      ? // Members come as learners, which cannot cost the quorum: no reason to wait five seconds before each.
        { "strict-reconfig-check": "false" }
      : // The only member elects itself: no reason to wait a second for it.
        { "heartbeat-interval": "20", "election-timeout": "200" }),
    "log-level": "warn",
  });
}

export function apiServer({ tools, address, files, controlPlane }: Surroundings): Service {
  return service("kube-apiserver", tools["kube-apiserver"], {
    "etcd-servers": clientUrl(address),
    "etcd-cafile": files.path("etcd-ca.crt"),
    "etcd-certfile": files.path("apiserver-etcd-client.crt"),
    "etcd-keyfile": files.path("apiserver-etcd-client.key"),
    "bind-address": address,
    "advertise-address": address,
    "secure-port": "6443",
    // Endpoints may not be loopback addresses, and no pod that really runs asks for them.
    "endpoint-reconciler-type": "none",
    "tls-cert-file": files.path("apiserver.crt"),
    "tls-private-key-file": files.path("apiserver.key"),
    "cert-dir": files.directory,
    "client-ca-file": files.path("ca.crt"),
    "enable-bootstrap-token-auth": "true",
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": files.path("sa.pub"),
    "service-account-signing-key-file": files.path("sa.key"),
    "service-cluster-ip-range": controlPlane.serviceSubnet,
    "encryption-provider-config": files.path("encryption.yaml"),
    // Nobody resolves the names of light machines.
    "kubelet-preferred-address-types": "InternalIP",
    "requestheader-client-ca-file": files.path("front-proxy-ca.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": files.path("front-proxy-client.crt"),
    "proxy-client-key-file": files.path("front-proxy-client.key"),
    profiling: "false",
  });
}

export function controllerManager({ tools, files, controlPlane, isOneOfSeveral }: Surroundings): Service {
  return service("kube-controller-manager", tools["kube-controller-manager"], {
    kubeconfig: files.path("controller-manager.conf"),
    controllers: "*,bootstrapsigner,tokencleaner",
    "use-service-account-credentials": "true",
    "root-ca-file": files.path("ca.crt"),
    "service-account-private-key-file": files.path("sa.key"),
    "cluster-signing-cert-file": files.path("ca.crt"),
    "cluster-signing-key-file": files.path("ca.key"),
    "allocate-node-cidrs": "true",
    "cluster-cidr": controlPlane.podSubnet,
    "service-cluster-ip-range": controlPlane.serviceSubnet,
    "leader-elect": String(isOneOfSeveral),
    // No probe asks it, so it needs no port and no certificate of its own.
    "secure-port": "0",
    "authentication-skip-lookup": "true",
    // The defaults (20 a second) make the start of the controllers wait for each other.
    "kube-api-qps": "300",
    "kube-api-burst": "600",
    profiling: "false",
  });
}

export function scheduler({ tools, files, isOneOfSeveral }: Surroundings): Service {
  return service("kube-scheduler", tools["kube-scheduler"], {
    kubeconfig: files.path("scheduler.conf"),
    "leader-elect": String(isOneOfSeveral),
    "secure-port": "0",
    "authentication-skip-lookup": "true",
    profiling: "false",
  });
}

export function kwok(surroundings: Surroundings, prepare: NonNullable<Service["prepare"]>): Service {
  const { tools, files, controlPlane, isOneOfSeveral } = surroundings;
  return {
    ...service("kwok", tools.kwok, {
      kubeconfig: files.path("kwok.conf"),
      config: files.path("kwok.yaml"),
      "manage-nodes-with-label-selector": `${powerLabel}=${powerOn}`,
      "node-lease-duration-seconds": String(isOneOfSeveral ? sharedLeaseSeconds : leaseSeconds),
      cidr: controlPlane.podSubnet,
    }),
    prepare,
  };
}

function service(name: ControlPlaneTool, command: string, flags: Record<string, string>): Service {
  return { name, command, args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`) };
}
