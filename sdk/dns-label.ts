/** Names as Kubernetes and clouds take them for most things: labels of DNS. Pure. */

/** Lower-case letters, digits and hyphens, no hyphen at either end. `longest` is for what something else is made of the name. */
export function isDnsLabel(name: string, longest = 63): boolean {
  return name.length <= longest && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);
}
