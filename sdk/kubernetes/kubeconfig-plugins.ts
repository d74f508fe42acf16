/** Credentials of a kubeconfig that a command or a library fetches: what of these no client takes. Pure. */
import { isRecord } from "../schema/record";

type Fields = Readonly<Record<string, unknown>>;

const versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const [lastVersion] = versions;

/** Nobody is asked for a password while `pulumi up` runs. */
const modes = ["Never", "IfAvailable"];

/** What clouds' own commands write today in the place of what clients have removed. */
const removed: Readonly<Record<string, string>> = {
  gcp: "`gcloud container clusters get-credentials` writes one that runs gke-gcloud-auth-plugin",
  azure: "`az aks get-credentials` writes one that runs kubelogin",
  openstack: "it would be the exec of client-keystone-auth",
};

export function execFaults(user: Fields): string[] {
  const { exec } = user;
  if (!isRecord(exec)) return execTypeFaults(user);
  const { apiVersion, command, interactiveMode } = exec;
  return [
    ...execTypeFaults(user),
    ...(typeof command === "string" && /^[^/].*\//.test(command)
      ? ["the command of its exec is a relative path: beside which file nobody knows here"]
      : []),
    ...(versions.some((version) => version === apiVersion)
      ? []
      : [
          `the apiVersion of its exec must be ${versions.join(" or ")}, which clients understand: have the kubeconfig written anew, by ` +
            "`aws eks update-kubeconfig` for example",
        ]),
    ...modeFaults(apiVersion, interactiveMode),
  ];
}

/** What no client can read at all. */
export function execTypeFaults({ exec }: Fields): string[] {
  if (exec === undefined || exec === null) return [];
  if (!isRecord(exec)) return ["its exec must be a mapping with apiVersion and command"];
  const { command, args, env } = exec;
  return [
    ...(typeof command === "string" && command !== "" ? [] : ["its exec has no command"]),
    ...(isListOf(args, (value) => typeof value === "string") ? [] : ["the args of its exec must be a list of texts"]),
    ...(isListOf(
      env,
      (value) => isRecord(value) && [value["name"], value["value"]].every((part) => typeof part === "string"),
    )
      ? []
      : ["the env of its exec must be a list of name and value, both texts"]),
  ];
}

function modeFaults(apiVersion: unknown, mode: unknown): string[] {
  if (mode === undefined || mode === null)
    return apiVersion === lastVersion
      ? [`its exec has no interactiveMode, which ${lastVersion} asks for: IfAvailable`]
      : [];
  return modes.some((known) => known === mode)
    ? []
    : [`the interactiveMode of its exec must be ${modes.join(" or ")}: nobody is asked for a password here`];
}

export function providerFaults({ "auth-provider": provider, exec }: Fields): string[] {
  if (provider === undefined || provider === null) return [];
  const name = isRecord(provider) ? provider["name"] : undefined;
  if (exec) return ["it has both an exec and an auth-provider, which clients refuse: leave one out"];
  if (name === "oidc") return [];
  const known = typeof name === "string" ? name : "";
  const instead = removed[known];
  return [
    instead === undefined
      ? "its auth-provider is none that clients know: only oidc is left of these"
      : `its auth-provider "${known}" has gone from clients: have the kubeconfig written anew, ${instead}`,
  ];
}

function isListOf(value: unknown, is: (element: unknown) => boolean): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every(is));
}
