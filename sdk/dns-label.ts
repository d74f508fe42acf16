/** Names as Kubernetes and clouds take them for most things: labels of DNS. Pure. */

/** What Kubernetes takes as the name of what has more room for it: labels with dots between them. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name);
}

/** Lower-case letters, digits and hyphens, no hyphen at either end. `longest` is for what something else is made of the name. */
export function isDnsLabel(name: string, longest = 63): boolean {
  return name.length <= longest && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);
}
