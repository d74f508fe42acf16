/**
 * What Slinky's chart makes of the values that our Slurm gives it, as far as the operator makes something of that: for tests without Helm.
 * Reference: helm/slurm/templates of SlinkyProject/slurm-operator, v1.2.1.
 */
import { slurmSecrets, type slurmValues } from "../../components/addons/slurm/values";
import type { KubernetesObject } from "../../provider/kubernetes/api";

type Values = ReturnType<typeof slurmValues>;
type NodeSet = Values["nodesets"][string];

const namespace = "slurm";
const controllerRef = { name: "slurm", namespace };
const image = (of: string) => ({ image: `ghcr.io/slinkyproject/${of}:26.05-ubuntu26.04` });
const alpine = ({ image: { repository, tag } }: { image: { repository: string; tag: string } }) => ({
  image: `${repository}:${tag}`,
});
const one = (kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: "slinky.slurm.net/v1beta1",
  kind,
  metadata: { name, namespace },
  spec,
});
const plain = (kind: "ConfigMap" | "Secret", name: string, content: object): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace },
  ...content,
});
const files = "slurm-config-files";
const sssd = { name: "slurm-sssd-conf", key: "sssd.conf" };

/** Secrets of ours too, which our component makes beside the chart. */
export function slurmObjects(values: Values): KubernetesObject[] {
  const { auth, jwt } = slurmSecrets;
  return [
    ...[auth, jwt].map(({ name, key }) =>
      plain("Secret", name, { stringData: { [key]: "0123456789abcdef".repeat(4) } }),
    ),
    plain("Secret", sssd.name, { stringData: { [sssd.key]: "[sssd]\n" } }),
    plain("ConfigMap", files, { data: values.configFiles }),
    controller(values),
    one("RestApi", "slurm", {
      controllerRef,
      replicas: 1,
      slurmrestd: image("slurmrestd"),
      template: { spec: values.restapi.podSpec },
    }),
    ...Object.entries(values.nodesets).map(([name, set]) => nodeSet(name, set, values)),
    ...(values.loginsets ? [loginSet(values.loginsets.login)] : []),
  ];
}

function controller({ clusterName, slurmKey, jwtKey, controller: own }: Values): KubernetesObject {
  return one("Controller", "slurm", {
    clusterName,
    slurmKeyRef: slurmKey.secretRef,
    jwtKeyRef: jwtKey.secretRef,
    configFileRefs: [{ name: files }],
    extraConf: "PartitionName=all Nodes=ALL Default=YES MaxTime=UNLIMITED",
    slurmctld: image("slurmctld"),
    reconfigure: image("slurmctld"),
    logfile: alpine(own.logfile),
    template: { spec: own.podSpec },
    persistence: { enabled: true, resources: { requests: { storage: "4Gi" } }, ...own.persistence },
  });
}

function nodeSet(name: string, set: NodeSet, { nodesetDefaults }: Values): KubernetesObject {
  const { scalingMode, replicas, partition, podSpec } = set;
  return one("NodeSet", `slurm-worker-${name}`, {
    controllerRef,
    scalingMode,
    replicas,
    partition,
    logfile: alpine(nodesetDefaults.logfile),
    ...("extraConfMap" in set && { extraConf: `Gres=${set.extraConfMap!.Gres.join(",")}` }),
    slurmd: { ...image("slurmd"), ...nodesetDefaults.slurmd, ...("slurmd" in set && set.slurmd) },
    template: { spec: { ...nodesetDefaults.podSpec, ...podSpec, hostname: `${name}-` } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%" } },
    workloadDisruptionProtection: true,
  });
}

function loginSet(set: NonNullable<Values["loginsets"]>["login"]): KubernetesObject {
  const { initconf, rootSshAuthorizedKeys, podSpec, service } = set;
  return one("LoginSet", "slurm-login-login", {
    controllerRef,
    sssdConfRef: sssd,
    replicas: 1,
    rootSshAuthorizedKeys: `${rootSshAuthorizedKeys}\n`,
    login: { ...image("login"), ...set.login },
    initconf: alpine(initconf),
    template: { spec: podSpec },
    service,
  });
}
