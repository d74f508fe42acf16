/** The stand-in under the real engine. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { buildStandIn } from "../../../stand-ins/build/stand-in";
import { createInlineStack, type InlineStack } from "../../provider/server/engine-stack";
import { startSshHost, type SshHost } from "./ssh-host";

class RemoteCommand extends pulumi.CustomResource {
  declare readonly stdout: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    super("command:remote:Command", name, { stdout: undefined, stderr: undefined, ...args }, options);
  }
}

describe("the command stand-in under the real engine", () => {
  let directory: string;
  let inline: InlineStack;
  let host: SshHost;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "stand-in-command-"));
    await buildStandIn("command", directory);
    host = await startSshHost();
    inline = await createInlineStack({ environment: { PATH: [directory, process.env["PATH"]].join(delimiter) } });
  });

  after(async () => {
    await inline?.remove();
    await host?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("fetches a secret file once, again when a trigger says so, and never shows it", async () => {
    const program = (trigger: string) => async () => {
      const { port, privateKey } = host;
      const connection = { host: "127.0.0.1", port, user: "ubuntu", privateKey: pulumi.secret(privateKey) };
      const { stdout } = new RemoteCommand(
        "kubeconfig",
        { connection, create: "echo a kubeconfig", logging: "none", triggers: [trigger] },
        { additionalSecretOutputs: ["stdout"] },
      );
      return { kubeconfig: stdout };
    };
    inline.program = program("1");
    const first = await inline.stack.up({ color: "never" });
    assert.deepEqual(first.outputs["kubeconfig"], { value: "a kubeconfig", secret: true });
    assert.ok(!first.stdout.includes("a kubeconfig"));
    const state = await inline.stateText();
    assert.ok(!state.includes("PRIVATE KEY") && !state.includes('"a kubeconfig'));
    assert.deepEqual((await inline.stack.preview()).changeSummary, { same: 2 });
    inline.program = program("2");
    assert.deepEqual((await inline.stack.up()).summary.resourceChanges, { same: 1, replace: 1 });
    await inline.stack.destroy();
    assert.deepEqual(host.commands, ["echo a kubeconfig", "echo a kubeconfig"]);
  });
});
