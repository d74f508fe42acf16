import { ServiceAccountKubeconfig } from "../../../../components/addons/service-account-kubeconfig";
import { ExistingCluster } from "../../../../components/existing/cluster";
import { JoinToken } from "../../../../components/vmetal";
import * as pulumi from "../../../../sdk/pulumi";

const cluster = new ExistingCluster("train", { kubeconfig: new pulumi.Config().requireSecret("kubeconfig") });
const ci = new ServiceAccountKubeconfig("ci", { cluster });
const join = new JoinToken("join", { cluster });

export const kubeconfig = ci.kubeconfig;
export const token = ci.token;
export const script = join.script;
export const command = join.kubeadmCommand;
