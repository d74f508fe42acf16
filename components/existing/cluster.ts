import * as pulumi from "../../sdk/pulumi";
import { ApiServerReady } from "../../sdk/kubernetes/api-server-ready";
import { endingCredentials } from "../../sdk/kubernetes/credentials-end";
import { currentEntries, parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { NodesReady } from "../../sdk/kubernetes/nodes-ready";
import type { TaintArgs } from "../../sdk/kubernetes/taint";
import { shellWord } from "../../sdk/shell-word";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { checkWhole } from "../value-checks";
import { checked, Problems } from "../errors";
import { gpuSupport } from "../addons/gpu/install";
import { known } from "../inputs";
import { KubernetesProvider } from "../kubernetes-provider";
import { checkTaints } from "../node-group-checks";
import { bySchema, heldArgs } from "../schema-check";
import { checkForm, checkKubeconfig, narrowKubeconfig } from "./narrow";

/** How long a cluster that is there may take to answer. */
const timeoutSeconds = 120;

/** GPUs of nodes that somebody else set up. */
export interface ExistingGpuArgs {
  /**
   * Who makes them. AMD's are `amd.com/gpu`, and nodes have the driver amdgpu; where that is taken away, AMD's chart deletes the definitions of Node Feature
   * Discovery, with what others keep in them. Default: `nvidia`.
   */
  vendor?: "nvidia" | "amd";
  /**
   * Who brings NVIDIA's driver (595, for GPUs from Turing on): `image` where nodes have one, `operator` where they have none.
   * Default: `image`.
   */
  driver?: "image" | "operator";
  /** As `gpuMode` of our own clusters. Default: `plugin`. */
  mode?: "plugin" | "dra";
  /** Taints of the nodes with GPUs, which what runs there must tolerate; `nvidia.com/gpu` is tolerated whatever is given. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  /**
   * GPUs that the cluster's nodes must offer together before it counts as ready. Default: none is waited for.
   * @integer
   */
  count?: pulumi.Input<number>;
}

export interface ExistingClusterArgs {
  /**
   * Text of a kubeconfig, with any credentials: certificates, a token, or a credential plugin (`exec`) whose command is on the computer that
   * runs `pulumi up`. Files that it names must have absolute paths. A certificate or a token in it that has ended is refused, and one that ends soon is
   * warned of.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** Which of its contexts. Default: its current one. */
  context?: string;
  /**
   * Makes GPUs into what pods ask for, by the maker's operator (Helm, pinned), on whichever nodes it finds some: not for clusters that have it
   * already (Helm refuses objects of another release), nor such with a device plugin of their own. Default: nothing is installed.
   */
  gpu?: ExistingGpuArgs;
}

/**
 * A cluster that somebody else made, by its kubeconfig: what takes a cluster of this package takes it too. Nothing is created in it but what `gpu`
 * asks for; `pulumi up` waits up to two minutes for it to answer.
 *
 * Another kubeconfig of the same cluster, with other credentials, another address or another authority, replaces nothing that hangs on it. One of another
 * cluster has all made there and deleted in the old one, which the preview tells; where the old one does not answer, or the other stands in its place, `pulumi up`
 * ends before anything is made, and says what to do.
 * Its `kubeconfig` has the one context alone. Platforms that cannot run a credential plugin take a `ServiceAccountKubeconfig` instead.
 *
 * Cost: none; with `gpu`, about 1 GiB of each GPU node's memory.
 *
 * @example
 * const cluster = new ExistingCluster("shared", { kubeconfig: config.requireSecret("kubeconfig"), context: "prod" });
 */
export class ExistingCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:index:ExistingCluster";

  /** Name of the context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:port` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM of the authority that the kubeconfig trusts; empty where that is in a file, or one of the system's. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the credentials that were given.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /** None: whoever made the cluster knows them. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers, and offers the GPUs that were asked for; unknown before that. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, given: ExistingClusterArgs, options?: pulumi.ComponentResourceOptions) {
    checkExistingCluster(given).raise("ExistingCluster");
    const args = heldArgs(ExistingCluster.__pulumiType, { ...given, kubeconfig: formed(given.kubeconfig) });
    const kubeconfig = pulumi.secret(args.kubeconfig);
    super(ExistingCluster.__pulumiType, name, { ...args, kubeconfig }, options);
    const child = { parent: this };
    this.kubeconfig = kubeconfig.apply((given) => {
      const narrowed = narrowKubeconfig(given, args.context);
      const ending = endingCredentials(currentEntries(narrowed).user);
      if (ending !== undefined) void pulumi.log.warn(`kubeconfig: ${ending}: ${endingHint}`, this);
      return narrowed;
    });
    const facts = pulumi.unsecret(
      this.kubeconfig.apply((narrowed) => {
        const { clusterName, endpoint, certificateAuthority = "" } = parseKubeconfig(narrowed);
        return { clusterName, endpoint, certificateAuthority };
      }),
    );
    this.clusterName = facts.clusterName;
    this.endpoint = facts.endpoint;
    this.certificateAuthority = facts.certificateAuthority;
    const hint = this.clusterName.apply(hintOf);
    const apiServer = new ApiServerReady(
      `${name}-api-server`,
      { kubeconfig: this.kubeconfig, timeoutSeconds, hint },
      child,
    );
    this.kubeProvider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig, clusterIdentifier: apiServer.identity },
      {
        ...child,
        dependsOn: [apiServer],
      },
    );
    this.nodeGroups = pulumi.output([]);
    const gpus = args.gpu && this.#gpus(name, args.gpu, apiServer);
    this.status = gpus?.status ?? apiServer.version.apply(() => "ready");
    this.registerOutputs({
      clusterName: this.clusterName,
      endpoint: this.endpoint,
      certificateAuthority: this.certificateAuthority,
      kubeconfig: this.kubeconfig,
      nodeGroups: this.nodeGroups,
      status: this.status,
    });
  }

  #gpus(name: string, args: ExistingGpuArgs, apiServer: ApiServerReady): NodesReady {
    const { mode = "plugin", count = 0, taints, vendor, driver } = args;
    const fields = { name: "existing", gpus: 1, taints, gpuVendor: vendor, gpuDriver: driver };
    const support = gpuSupport([fields], { mode, operator: true, modeField: "gpu.mode" })(
      {
        name,
        kubernetesVersion: apiServer.version,
        kubeconfig: this.kubeconfig,
        nodeGroups: [],
        own: { parent: this },
      },
      { parent: this, provider: this.kubeProvider, dependsOn: [apiServer] },
    );
    return new NodesReady(
      `${name}-nodes`,
      {
        kubeconfig: this.kubeconfig,
        nodeGroups: [],
        controlPlaneNodes: 0,
        workerGpus: count,
        gpuMode: mode,
        // One that was made anew has its GPUs later than its kubeconfig.
        triggers: apiServer.clusterUid.apply((uid): Record<string, string> => (uid === undefined ? {} : { uid })),
      },
      { parent: this, dependsOn: support },
    );
  }
}

const endingHint =
  "`pulumi up` with another kubeconfig of the cluster before that keeps all as it is; later, a refresh and a destroy of what is in the cluster lack credentials";

function hintOf(context: string): string {
  return (
    `Look whether \`kubectl --context ${shellWord(context)} get --raw /readyz\` says ok on this computer: the address may be another's, a VPN or a firewall in ` +
    "the way, the credentials expired"
  );
}

/** Rejects with `InvalidInput` where it comes to be no text. */
export function formed(kubeconfig: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi
    .output(kubeconfig)
    .apply((value) => checked("ExistingCluster", value, (problems) => checkForm(value, problems)));
}

/** What is in hand is checked before anything is registered. */
export function checkExistingCluster(given: ExistingClusterArgs): Problems {
  const problems = new Problems();
  checkForm((given as ExistingClusterArgs | undefined)?.kubeconfig, problems);
  const { kubeconfig, context, gpu = {} } = bySchema(ExistingCluster.__pulumiType, given, problems);
  const text = known(kubeconfig);
  if (text !== undefined) checkKubeconfig(text, context, problems);
  checkWhole("gpu.count", gpu.count, 0, problems);
  checkTaints("gpu.taints", gpu.taints, problems);
  if (gpu.vendor === "amd" && gpu.driver === "operator")
    problems.add("gpu.driver", 'must be "image" for AMD: its operator would build drivers into a registry of yours');
  if (gpu.vendor === "amd" && gpu.mode === "dra") problems.add("gpu.mode", 'must be "plugin" for AMD');
  return problems;
}
