/** Hosts that Metal3 drives by their BMCs. */
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { LastingChoices } from "../../sdk/kubernetes/lasting-choices";
import { ObjectReady } from "../../sdk/kubernetes/object-ready";
import { hashOf } from "../../sdk/names";
import * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";
import { checked } from "../errors";
import { checkCredentials } from "./host-checks";
import type { BareMetalHostArgs, InventoryPlace } from "./hosts-args";
import { ofAllThere } from "../left-out";

const metal3Api = "metal3.io/v1alpha1";

/** Of objects whose readiness, and whose end, are another resource's to wait for, which can say why. */
export const unawaited = { "pulumi.com/skipAwait": "true", "pulumi.com/deletionPropagationPolicy": "foreground" };

/** Of a host that Metal3 knows: free, or a cluster's. */
const knownStates = ["available", "provisioning", "provisioned", "deprovisioning"];

/** Of the Secret for a host's BMC. Metal3 has the host own that, so that it goes with its host: what is another host to Metal3 has another. */
function credentialsName({ name, bmc, bootMacAddress }: BareMetalHostArgs): string {
  return `${name}-bmc-${hashOf(`${bmc.address} ${bootMacAddress}`)}`;
}

/** A server, as Metal3 has it. */
export interface BareMetalHostStatus {
  name: string;
  /** `available`: free. `provisioning`, `provisioned`: a cluster's. `deprovisioning`: on its way back. As of the last `up` or `refresh`. */
  state: string;
}

/** That of Metal3, which takes hosts beside their own objects alone. */
export function clusterOfHosts({
  cluster,
  metal3Cluster = cluster,
}: Pick<InventoryPlace, "cluster" | "metal3Cluster">): KubernetesCluster {
  return metal3Cluster;
}

/** What comes before all hosts: another management cluster would take them, and the old one wipe them. */
export function managedFrom(inventory: string, cluster: KubernetesCluster, parent: pulumi.Resource): LastingChoices {
  return new LastingChoices(
    `${inventory}-choices`,
    { clusterName: inventory, choices: {}, managementKubeconfig: cluster.kubeconfig },
    { parent },
  );
}

export interface HostPlace {
  /** Where the user has the host. */
  field: { component: string; path: string };
  namespace: string;
  wait: { kubeconfig: pulumi.Output<string>; timeoutSeconds: number };
  child: pulumi.CustomResourceOptions;
  /** It goes after the hosts. */
  after: pulumi.Resource;
}

export function bareMetalHost(
  inventory: string,
  host: BareMetalHostArgs,
  { field: { component, path }, namespace, wait, child, after }: HostPlace,
): pulumi.Output<BareMetalHostStatus> {
  const { name, bmc } = host;
  const metadata = { name, namespace };
  const credentials = new Secret(
    `${inventory}-${name}-bmc`,
    {
      metadata: { name: credentialsName(host), namespace },
      type: "Opaque",
      stringData: pulumi
        .secret({ username: bmc.username, password: bmc.password })
        .apply((given) => checked(component, given, (problems) => checkCredentials(`${path}.bmc`, given, problems))),
    },
    // Metal3 needs it to power the host off.
    { ...child, dependsOn: [after] },
  );
  const object = new CustomResource(
    `${inventory}-${name}`,
    {
      apiVersion: metal3Api,
      kind: "BareMetalHost",
      metadata: { ...metadata, labels: host.labels, annotations: unawaited },
      spec: hostSpec(host),
    },
    // Whose it is says whether it is on. Metal3 takes another card, and mostly another BMC, as another host only.
    {
      ...child,
      dependsOn: [after, credentials],
      ignoreChanges: ["spec.online"],
      replaceOnChanges: ["spec.bootMACAddress", "spec.bmc.address"],
      deleteBeforeReplace: true,
    },
  );
  const seen = new ObjectReady(
    `${inventory}-${name}-ready`,
    {
      ...wait,
      apiVersion: metal3Api,
      kind: "BareMetalHost",
      ...metadata,
      uid: object.metadata.apply((made) => made?.uid ?? ""),
      conditions: [],
      expected: { "status.provisioning.state": knownStates },
      fields: { state: "status.provisioning.state" },
      told: ["status.operationalStatus", "status.errorType", "status.errorMessage"],
      deletes: true,
      inUse: { "status.provisioning.state": ["provisioning", "provisioned"] },
      hint: `Look at \`kubectl -n ${namespace} describe baremetalhost ${name}\`. Metal3 must reach the BMC at ${bmc.address}, to let the host go too. A host that is in use is a cluster's: destroy that, or make its pool smaller, first.`,
    },
    { parent: child.parent, dependsOn: [object] },
  );
  return ofAllThere([seen.values], ({ state }) => ({ name, state: state! }));
}

function hostSpec(host: BareMetalHostArgs): object {
  const { bmc, bootMacAddress, bootMode, rootDeviceHints } = host;
  const { address, disableCertificateVerification } = bmc;
  return {
    online: true,
    bmc: {
      address,
      credentialsName: credentialsName(host),
      ...(disableCertificateVerification !== undefined && { disableCertificateVerification }),
    },
    bootMACAddress: bootMacAddress,
    ...(bootMode && { bootMode }),
    ...(rootDeviceHints && { rootDeviceHints }),
  };
}

/** As an argument of a component. */
export function shownHost({ bmc, ...host }: BareMetalHostArgs): object {
  return { ...host, bmc: { ...bmc, password: pulumi.secret(bmc.password), username: pulumi.secret(bmc.username) } };
}
