/** The images of the autoscaler's pod: the stand-in for cluster-autoscaler, and what our own server runs on, which is in a ConfigMap. */
import { join } from "node:path";
import { clusterAutoscaler, nodeImage } from "../../../../components/versions";
import { clusterAutoscalerProgram } from "../../cluster-autoscaler/program";
import type { ContainerImage } from "./archive";
import { bundled, nodeRuntime } from "./node-runtime";

/** @param shell a busybox by the names of its programs */
export async function autoscalerImages(
  kubernetesVersion: string,
  shell: (...names: string[]) => ContainerImage["files"],
): Promise<ContainerImage[]> {
  const [runtime, standIn, loopback] = await Promise.all([
    nodeRuntime(),
    clusterAutoscalerProgram(),
    bundled(join(__dirname, "loopback.ts")),
  ]);
  const { image, tags } = clusterAutoscaler;
  const minor = kubernetesVersion.replace(/^v/, "").split(".").slice(0, 2).join(".");
  const program = "/cluster-autoscaler";
  const preloaded = "/usr/lib/loopback.cjs";
  return [
    {
      name: `${image}:${tags[minor]}`,
      files: new Map([...runtime, [program, { text: `#!/usr/bin/node\n${standIn}` }] as const]),
      entrypoint: [program],
    },
    {
      name: nodeImage,
      files: new Map([...runtime, ...shell("sh", "gzip"), [preloaded, { text: loopback }] as const]),
      entrypoint: ["/usr/bin/node"],
      environment: {
        NODE_OPTIONS: `--require=${preloaded}`,
        // The machine's, of which a simulated cloud may have one.
        NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt",
      },
    },
  ];
}
