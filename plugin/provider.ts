/**
 * The table of all that the plugin serves. A room's code is loaded when the program first names something in it: a program pays for the
 * clouds that it uses. What is added here needs a class or a function of the same token, from which `npm run generate` makes the schema.
 */
import { checkAwsConfig } from "../provider/aws/config";
import { checkCudoConfig } from "../sdk/cudo/config";
import { checkKeycloakConfig } from "../sdk/keycloak/config";
import { checkKubernetesConfig } from "../sdk/kubernetes/config";
import { checkMithrilConfig } from "../sdk/mithril/config";
import { checkVaultConfig } from "../sdk/vault/config";
import { packageVersion, pluginName } from "../sdk/plugin/package";
import { committedSchema } from "../sdk/schema/committed";
import type { openNodeGroup } from "../provider/clouds";
import type { LogSources } from "../provider/kubernetes/handlers";
import type { ProviderDefinition } from "../provider/server/resource";
import { isUnknown } from "../provider/server/values";

/** Projects are what Cudo's and Mithril's resources are in, regions what AWS's. A login to a control plane is in none. */
const placed = [
  ["gpu-clusters:mithril:SshAccess", undefined],
  ["gpu-clusters:aws:", "aws.region"],
  ["gpu-clusters:cudo:", "cudo.projectId"],
  ["gpu-clusters:mithril:", "mithril.projectId"],
] as const;

/** Where clouds let the logs of machines be read that nobody can log in to. */
const logSources: LogSources = {
  "aws:console": async () => (await import("../provider/aws/console-output.js")).consoleLog,
};

/** While their nodes are waited for. */
const openGroups: typeof openNodeGroup = async (...group) =>
  (await import("../provider/clouds.js")).openNodeGroup(...group);

export const provider: ProviderDefinition = {
  name: pluginName,
  version: packageVersion,
  schema: committedSchema,
  checkConfig(given) {
    const checks = {
      cudo: checkCudoConfig,
      mithril: checkMithrilConfig,
      aws: checkAwsConfig,
      keycloak: checkKeycloakConfig,
      kubernetes: checkKubernetesConfig,
      vault: checkVaultConfig,
    };
    const checked = Object.entries(checks).map(([cloud, check]) => {
      const part = given[cloud] ?? {};
      // At a preview a cloud's part may not be known yet, as a whole.
      const { config, failures } = isUnknown(part) ? { config: part, failures: [] } : check(part as object);
      return { entry: [cloud, config] as const, failures };
    });
    return {
      config: Object.fromEntries(checked.map(({ entry }) => entry)),
      failures: checked.flatMap(({ failures }) => failures),
    };
  },
  placedBy: (type) => placed.find(([prefix]) => type.startsWith(prefix))?.[1],
  resources: {
    ...lazily(
      ["Disk", "Network", "NodeGroup", "PlannedCluster", "SecurityGroup", "Vm"],
      "gpu-clusters:cudo:",
      async (token) => {
        return (await import("../provider/cudo/handlers/index.js")).cudoResources[token]!;
      },
    ),
    ...lazily(
      ["Cluster", "NodeGroup", "PlannedCluster", "Reservation", "SpotBid", "SshAccess", "SshKey", "Volume"],
      "gpu-clusters:mithril:",
      async (token) => (await import("../provider/mithril/handlers/index.js")).mithrilResources[token]!,
    ),
    ...lazily(
      [
        "AccountReady",
        "ClusterKeys",
        "ControlPlaneTurn",
        "Deployer",
        "ImageChoice",
        "InstanceTypeFacts",
        "NodeGroup",
        "ServiceLoadBalancers",
        "SubnetChoice",
        "ZoneChoice",
      ],
      "gpu-clusters:aws:",
      async (token) => (await import("../provider/aws/handlers/index.js")).awsResources[token]!,
    ),
    ...lazily(["Registration"], "gpu-clusters:michelangelo:", async (token) => {
      return (await import("../provider/michelangelo/handlers/index.js")).michelangeloResources[token]!;
    }),
    ...lazily(["ReadyNotification"], "gpu-clusters:vantage:", async (token) => {
      return (await import("../provider/vantage/handlers/index.js")).vantageResources[token]!;
    }),
    ...lazily(["AutoscalerRole"], "gpu-clusters:vault:", async (token) => {
      return (await import("../provider/vault/handlers/index.js")).vaultResources[token]!;
    }),
    ...lazily(["OAuth2Client"], "gpu-clusters:keycloak:", async (token) => {
      return (await import("../provider/keycloak/handlers/index.js")).keycloakResources[token]!;
    }),
    ...lazily(
      [
        "ApiServerReady",
        "ClusterCertificates",
        "DeploymentStopped",
        "EtcdMembers",
        "GeneratedKey",
        "InferenceRequirements",
        "KubeconfigSecret",
        "LastingChoices",
        "MachinesReturned",
        "NodesReady",
        "ObjectReady",
        "ObjectsGone",
        "PlatformClaim",
        "ReleaseUnlocked",
        "VolumesLeft",
      ],
      "gpu-clusters:kubernetes:",
      async (token) =>
        (await import("../provider/kubernetes/handlers/index.js")).kubernetesResources(logSources, openGroups)[
          token
        ]!(),
    ),
  },
  functions: {
    ...lazily(["getDataCenters", "getImages", "getMachineTypes"], "gpu-clusters:cudo:", async (token) => {
      return (await import("../provider/cudo/handlers/index.js")).cudoFunctions[token]!;
    }),
    ...lazily(
      ["getCurrentPrices", "getImages", "getInstanceTypes", "getRegions", "getSpotAvailability"],
      "gpu-clusters:mithril:",
      async (token) => (await import("../provider/mithril/handlers/index.js")).mithrilFunctions[token]!,
    ),
    ...lazily(["getImage", "getInstanceTypes", "getPreflight"], "gpu-clusters:aws:", async (token) => {
      return (await import("../provider/aws/handlers/index.js")).awsFunctions[token]!;
    }),
  },
  // The one arrow from sdk to components: programs in other languages make components through the plugin.
  components: {
    "gpu-clusters:aws:AwsCluster": async () => {
      const { AwsCluster } = await import("../components/aws/index.js");
      return (name, args, options) => new AwsCluster(name, args, options);
    },
    "gpu-clusters:cudo:CudoCluster": async () => {
      const { CudoCluster } = await import("../components/cudo/index.js");
      return (name, args, options) => new CudoCluster(name, args, options);
    },
    "gpu-clusters:mithril:MithrilCluster": async () => {
      const { MithrilCluster } = await import("../components/mithril/index.js");
      return (name, args, options) => new MithrilCluster(name, args, options);
    },
  },
};

function lazily<T>(
  names: string[],
  prefix: string,
  load: (token: string) => Promise<T>,
): Record<string, () => Promise<T>> {
  return Object.fromEntries(names.map((name) => [prefix + name, () => load(prefix + name)]));
}
