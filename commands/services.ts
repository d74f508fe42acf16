/** What `npm start -- --with …` puts into the simulated cluster. */
import { InvalidArgumentError } from "commander";

export type ServiceName = "gpu" | "jupyterhub" | "kuberay" | "slurm";

/** As the stack's config `services` has them. GPUs are in every cluster that has some. Nothing is kept: the data is of no use, and `npm stop` must delete it. */
const services: Readonly<Record<ServiceName, object | undefined>> = {
  gpu: undefined,
  jupyterhub: { url: "https://hub.example.com", realm: "lab", protect: false },
  kuberay: {},
  slurm: { protect: false },
};

export const serviceNames = Object.keys(services) as ServiceName[];

/** `gpu,jupyterhub` */
export function parseServices(text: string): ServiceName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !Object.hasOwn(services, name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no "${unknown.join('", "')}". Services: ${serviceNames.join(", ")}.`);
  return names as ServiceName[];
}

/** The config key `services`; undefined: none of them needs it. */
export function serviceConfig(names: readonly ServiceName[]): Record<string, object> | undefined {
  const wanted = names.flatMap((name) => (services[name] ? [[name, services[name]] as const] : []));
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
