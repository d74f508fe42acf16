import { JupyterHub } from "../../../../components/addons/jupyterhub/jupyterhub";
import { Slurm } from "../../../../components/addons/slurm/slurm";
import { ExistingCluster } from "../../../../components/existing/cluster";
import * as pulumi from "../../../../sdk/pulumi";
import { ReadyNotification } from "../../../../sdk/vantage";
import { AutoscalerRole } from "../../../../sdk/vault";

const config = new pulumi.Config();

/** No Helm is here: whoever plays a chart's release gets what Helm would. */
const played: pulumi.ResourceTransform = ({ type, props, opts }) => {
  if (type !== "kubernetes:helm.sh/v3:Release") return undefined;
  const asked: Record<string, unknown> = { ...props, chart: "vcluster", skipAwait: true };
  // Of no use to who plays it.
  delete asked["timeout"];
  delete asked["repositoryOpts"];
  return { props: asked, opts };
};

const cluster = new ExistingCluster("train", { kubeconfig: config.requireSecret("kubeconfig") });
const client = {
  issuer: "https://sso.example.com/realms/lab",
  clientId: "hub",
  secret: config.requireSecret("clientSecret"),
};
new JupyterHub("hub", { cluster, client, url: "https://hub.example.com", protect: false }, { transforms: [played] });
const accounting = { host: "db.example.com", password: config.requireSecret("password") };
new Slurm("lab", { cluster, accounting, protect: false }, { transforms: [played] });
const certificateAuthority = config.require("vaultAuthority");
new AutoscalerRole("autoscaler", {
  vault: { address: config.require("vault"), certificateAuthority },
  role: "project.train.nodes",
});
new ReadyNotification("told", {
  baseUrl: config.require("deployer"),
  settings: pulumi.jsonStringify({ hub_client_secret: client.secret }),
  status: cluster.status,
  accessToken: config.requireSecret("accessToken"),
});
