/** What a device plugin tells a kubelet, where pods are only said to run: a light machine's node has GPUs once a plugin's pod runs on it. */
import { isRunning, type Pod } from "./pod";

const pluginImage = /(^|\/)k8s-device-plugin(:|@|$)/;
/** Settings of the plugin, as this package's add-on gives them. */
const configuration = "gpu-clusters/device-plugin";
export const gpuResource = "nvidia.com/gpu";

/** How many the plugin advertises: all that are plugged in, as often as they are shared; undefined for any other pod. Pure. */
export function advertisedBy(pod: Pod, pluggedIn: number): number | undefined {
  const { metadata, spec } = pod;
  if (!spec.containers.some(({ image = "" }) => pluginImage.test(image))) return undefined;
  if (!isRunning(pod)) return 0;
  const settings = JSON.parse(metadata.annotations?.[configuration] ?? "{}") as {
    sharing?: { timeSlicing?: { resources?: { name: string; replicas: number }[] } };
  };
  const shares = settings.sharing?.timeSlicing?.resources?.find(({ name }) => name === gpuResource);
  return pluggedIn * (shares?.replicas ?? 1);
}
