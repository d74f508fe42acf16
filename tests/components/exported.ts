/** All that programs import, by the room that they import it from. */
import * as aws from "../../components/aws";
import * as addons from "../../components/addons";
import * as cudo from "../../components/cudo";
import * as index from "../../components";
import * as metal3 from "../../components/metal3";
import * as michelangelo from "../../components/michelangelo";
import * as mithril from "../../components/mithril";
import * as modelplane from "../../components/modelplane";
import * as vantage from "../../components/vantage";
import * as vmetal from "../../components/vmetal";
import * as keycloak from "../../sdk/keycloak";
import * as kubernetes from "../../sdk/kubernetes";
import * as vault from "../../sdk/vault";
import * as pulumi from "@pulumi/pulumi";

type Exported = Readonly<Record<string, unknown>>;
type Component = new (name: string, args?: unknown, options?: pulumi.ComponentResourceOptions) => pulumi.Resource;

/** By the entry points of package.json. */
export const rooms: Readonly<Record<string, Exported>> = {
  ".": index,
  "./addons": addons,
  "./aws": aws,
  "./cudo": cudo,
  "./keycloak": keycloak,
  "./kubernetes": kubernetes,
  "./metal3": metal3,
  "./michelangelo": michelangelo,
  "./mithril": mithril,
  "./modelplane": modelplane,
  "./vantage": vantage,
  "./vault": vault,
  "./vmetal": vmetal,
};

const exported = Object.assign({}, ...Object.values(rooms)) as Exported;
const isComponent = (value: unknown): value is Component =>
  typeof value === "function" && value.prototype instanceof pulumi.ComponentResource;

export const components: Readonly<Record<string, Component>> = Object.fromEntries(
  Object.entries(exported).flatMap(([name, value]) => (isComponent(value) ? [[name, value]] : [])),
);
