import { ensurePythonPackages, type EnsurePythonOptions } from "./python";

/** moto, which is the simulated AWS. @returns the interpreter that has it */
export function ensureMoto(options?: EnsurePythonOptions): Promise<{ python: string }> {
  const moto = { name: "moto", who: "The simulated AWS is moto", otherwise: "use a cloud other than aws" };
  return ensurePythonPackages(moto, options);
}
