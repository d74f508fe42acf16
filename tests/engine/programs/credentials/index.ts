import { ServiceAccountKubeconfig } from "../../../../components/addons/service-account-kubeconfig";
import { ExistingCluster } from "../../../../components/existing/cluster";
import { OAuth2Client } from "../../../../sdk/keycloak";
import { JoinToken } from "../../../../components/vmetal";
import * as pulumi from "../../../../sdk/pulumi";

const cluster = new ExistingCluster("train", { kubeconfig: new pulumi.Config().requireSecret("kubeconfig") });
const ci = new ServiceAccountKubeconfig("ci", { cluster });
const join = new JoinToken("join", { cluster });
const made = new OAuth2Client("hub", { realm: "lab", clientId: "hub", redirectUris: ["https://hub.example.com/*"] });
const secret = new pulumi.Config().requireSecret("clientSecret");
const given = new OAuth2Client("batch", { realm: "lab", clientId: "batch", secret });

export const kubeconfig = ci.kubeconfig;
export const token = ci.token;
export const script = join.script;
export const command = join.kubeadmCommand;
export const clientSecret = made.secret;
export const issuer = given.issuer;
