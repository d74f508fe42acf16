import { ensurePythonPackages, type EnsurePythonOptions } from "./python";

/** JupyterHub itself, with what logs people in and makes their servers, as its chart's image has them. @returns the interpreter that has it */
export function ensureJupyterHub(options?: EnsurePythonOptions): Promise<{ python: string }> {
  const hub = { name: "jupyterhub", who: "A hub is JupyterHub", otherwise: "leave out the test of its login" };
  return ensurePythonPackages(hub, options);
}
