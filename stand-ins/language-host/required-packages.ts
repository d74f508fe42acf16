import { PackageDependency, PackageParameterization } from "@pulumi/pulumi/proto/plugin_pb";
import { allDependencies, type InstalledPackage } from "./installed-packages";

/** The provider plugins that a program's dependencies ask for in the `pulumi` part of their package.json. */
export function requiredPackages(programFolder: string): PackageDependency[] {
  const required = new Map<string, PackageDependency>();
  for (const installed of allDependencies(programFolder)) {
    const dependency = packageDependency(installed);
    if (dependency) required.set(`${dependency.getName()}@${dependency.getVersion()}`, dependency);
  }
  return [...required.values()];
}

function packageDependency({ name, manifest }: InstalledPackage): PackageDependency | undefined {
  const stanza = manifest.pulumi;
  if (!stanza?.resource) return undefined;
  const dependency = new PackageDependency();
  dependency.setKind("resource");
  dependency.setName(stanza.name ?? name.replace(/^@[^/]*\//, ""));
  const version = stanza.version ?? manifest.version ?? "";
  // Tools that build unreleased SDKs leave this placeholder, which no plugin has as its version.
  if (version && version !== "${VERSION}") dependency.setVersion(version.startsWith("v") ? version : `v${version}`);
  if (stanza.server) dependency.setServer(stanza.server);
  if (stanza.parameterization) {
    const parameterization = new PackageParameterization();
    parameterization.setName(stanza.parameterization.name);
    parameterization.setVersion(stanza.parameterization.version);
    parameterization.setValue(stanza.parameterization.value);
    dependency.setParameterization(parameterization);
  }
  return dependency;
}
