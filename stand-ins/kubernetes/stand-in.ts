import { Unknown } from "../../provider/server/values";
import type { Calls, StandIn } from "../server/server";
import { TableCalls } from "../server/table";
import { checkConfiguration, configurationOf, diffConfiguration, type Configuration } from "./configuration";
import { isPlayed, playedReleases, releaseToken } from "./releases";
import { Resources } from "./resources";

/** Follows the tokens and the configuration of @pulumi/kubernetes, over server-side apply. */
export const kubernetesStandIn: StandIn = {
  provider: "kubernetes",
  version: "4.34.2",
  unknownConfiguration: { kubeconfig: Unknown.value },
  checkConfiguration,
  diffConfiguration,
  calls: (configuration) => callsOf(configurationOf(configuration)),
};

function callsOf(configuration: Configuration): Calls {
  const objects = new Resources(configuration);
  const releases = new TableCalls(playedReleases, () => {
    if (configuration.api === undefined) throw new Error("the kubeconfig is not known yet");
    return configuration.api;
  });
  const by = ({ token }: { token: string }): Calls => (token === releaseToken ? releases : objects);
  return {
    check: (subject, seed, before, news) => {
      const calls = isPlayed(news.values["chart"]) ? by(subject) : objects;
      return calls.check(subject, seed, before, news);
    },
    diff: (subject, ...rest) => by(subject).diff(subject, ...rest),
    previewCreate: (subject, ...rest) => by(subject).previewCreate(subject, ...rest),
    previewUpdate: (subject, ...rest) => by(subject).previewUpdate(subject, ...rest),
    create: (subject, ...rest) => by(subject).create(subject, ...rest),
    update: (subject, ...rest) => by(subject).update(subject, ...rest),
    async read(subject, ...rest) {
      if (by(subject) === releases && !(await objects.isThere(subject))) return undefined;
      return by(subject).read(subject, ...rest);
    },
    async delete(subject, ...rest) {
      if (by(subject) === releases) await objects.requireForRelease(subject);
      return by(subject).delete(subject, ...rest);
    },
    kept: (outputs, inputs) => objects.kept(outputs, inputs),
  };
}
