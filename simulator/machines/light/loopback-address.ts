/** Light machines listen on loopback addresses of their own. */
import { createServer } from "node:net";

/** Throws, with the command that mends it, where the system does not have the address. */
export async function requireLoopbackAddress(address: string): Promise<void> {
  if (!/^127(\.\d{1,3}){3}$/.test(address)) {
    throw new Error(`machine address ${address} is not in 127.0.0.0/8: light machines listen on loopback only`);
  }
  const code = await bindError(address);
  if (code === undefined) return;
  if (code !== "EADDRNOTAVAIL") throw new Error(`machine address ${address} cannot be used: ${code}`);
  const command =
    process.platform === "darwin" ? `sudo ifconfig lo0 alias ${address} up` : `sudo ip address add ${address}/8 dev lo`;
  throw new Error(`this system does not have the loopback address ${address}; add it with: ${command}`);
}

function bindError(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(0, address, () => probe.close(() => resolve(undefined)));
  });
}
