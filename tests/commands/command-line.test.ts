import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { promises as fs } from "node:fs";
import { parse } from "yaml";
import { CommandError } from "../../commands/command-error";
import { environmentOf, exportLines } from "../../commands/exports";
import { formatOutputs } from "../../commands/outputs";
import { pulumiEnvironment } from "../../commands/pulumi";
import { parseServices, serviceConfig, serviceNames, type ServiceName } from "../../commands/services";
import { listThings, type Simulator } from "../../commands/simulator-process";
import { deriveConfig, requireSimulated, writeConfig } from "../../commands/stack-config";
import { stackFiles, writeWhole } from "../../commands/workspace";
import { checkServices } from "../../stack/services";
import { lineReport } from "../../toolchain/tools/report";
import { inTemporaryFolder } from "../toolchain/temporary-folder";

const simulator = {
  url: "http://127.0.0.1:4999",
  pid: 1,
  machines: "light",
  cudo: { baseUrl: "http://127.0.0.1:4999/cudo", apiKey: "key", projectId: "simulator" },
  mithril: { baseUrl: "http://127.0.0.1:4999/mithril", apiKey: "fkey", projectId: "proj_1", sshPort: 2222 },
  services: {
    keycloak: { baseUrl: "http://127.0.0.1:4999/keycloak", realm: "lab", username: "admin", password: "KEYCLOAK" },
    chartRepository: "http://127.0.0.1:4999/charts",
  },
} satisfies Simulator;

describe("stack config", () => {
  const committed = [
    "# a comment",
    "config:",
    "  pulumi-gpu-clusters:cni: none",
    "  gpu-clusters:cudo:",
    "    projectId: real",
    "    baseUrl: https://rest.compute.cudo.org",
    "",
  ].join("\n");

  it("always points at the simulator, whatever the committed one says", () => {
    for (const text of [committed, "config: {}\n", "{}\n", ""]) {
      const { config } = parse(deriveConfig(text, undefined, simulator)) as { config: Record<string, unknown> };
      assert.deepEqual(config["gpu-clusters:cudo"], { projectId: "simulator", baseUrl: simulator.cudo.baseUrl });
      const { baseUrl, projectId } = simulator.mithril;
      assert.deepEqual(config["gpu-clusters:mithril"], { projectId, baseUrl });
      const { keycloak, chartRepository } = simulator.services;
      assert.deepEqual(config["gpu-clusters:keycloak"], { baseUrl: keycloak.baseUrl, username: "admin" });
      assert.deepEqual(config["gpu-clusters:kubernetes"], { chartRepository });
    }
    assert.match(deriveConfig(committed, undefined, simulator), /cni: none/);
  });

  it("is told where it is none, and is none where all in it is a comment", () => {
    for (const text of ["config:\n", "config: null\n", "config:\n  # all of it\n", "# nothing\n"]) {
      const { config } = parse(deriveConfig(text, undefined, simulator)) as { config: Record<string, unknown> };
      assert.ok(config["gpu-clusters:cudo"], text);
    }
    for (const [text, reason] of [
      ["config:\n\ta: b\n", /is not YAML \(line 2\)/],
      ["config:\n  a: 1\n  a: 2\n", /is not YAML \(line 3\)/],
      ["config: {}\n---\nconfig: {}\n", /is not YAML \(line 2\)/],
      ["config: [a]\n", /`config` of the stack's config is no mapping/],
      ["config: text\n", /is no mapping/],
      ["- a\n", /is no mapping with `config`/],
      ["text", /is no mapping with `config`/],
    ] as const)
      assert.throws(
        () => deriveConfig(text, undefined, simulator),
        (error) => error instanceof CommandError && reason.test(error.message),
        text,
      );
  });

  it("has the services that are asked for, and those of the committed one as they are", () => {
    const servicesOf = (text: string, ...names: ServiceName[]) => {
      const { config } = parse(deriveConfig(text, undefined, simulator, undefined, names)) as {
        config: Record<string, unknown>;
      };
      return config["pulumi-gpu-clusters:services"];
    };
    assert.equal(servicesOf(committed, "gpu"), undefined);
    assert.deepEqual(servicesOf(committed, "kuberay", "slurm"), { kuberay: {}, slurm: { protect: false } });
    const own = "config: { pulumi-gpu-clusters:services: { slurm: { clusterName: lab } } }";
    assert.deepEqual(servicesOf(own), { slurm: { clusterName: "lab" } });
    assert.deepEqual(servicesOf(own, "slurm", "kuberay"), { slurm: { clusterName: "lab" }, kuberay: {} });
    assert.deepEqual(parseServices("gpu, jupyterhub"), ["gpu", "jupyterhub"]);
    assert.throws(() => parseServices("gpu,airflow"), /no "airflow"\. Services: gpu, jupyterhub, kuberay, slurm\./);
    assert.deepEqual(checkServices("local", serviceConfig(serviceNames), []).all, [], "the stack takes them");
  });

  it("does with a simulator from before it had services, but for showing them", async () => {
    const { services, ...older } = simulator;
    const own = JSON.stringify({ config: { "gpu-clusters:keycloak": { baseUrl: "https://sso.example.com" } } });
    const { config } = parse(deriveConfig(own, undefined, older)) as { config: Record<string, unknown> };
    assert.deepEqual(config["gpu-clusters:cudo"], { projectId: "simulator", baseUrl: simulator.cudo.baseUrl });
    assert.equal(config["gpu-clusters:keycloak"], undefined, "a real one must not be reached");
    const [before, now] = [older, { ...older, services }].map((each) => pulumiEnvironment(stackFiles("local"), each));
    assert.deepEqual([before!.KEYCLOAK_PASSWORD, now!.KEYCLOAK_PASSWORD], [undefined, "KEYCLOAK"]);
    await assert.rejects(writeConfig(stackFiles("local"), older, ["kuberay"]), /older checkout's and has no services/);
  });

  it("has the stack's own SSH key where the cloud needs one, and not its private half", () => {
    const sshKey = { publicKey: "ssh-ed25519 PUBLIC", privateKey: "PRIVATE" };
    const derive = (cloud: string) =>
      deriveConfig(`config:\n  pulumi-gpu-clusters:cloud: ${cloud}\n`, undefined, simulator, sshKey);
    const { config } = parse(derive("mithril")) as { config: Record<string, unknown> };
    assert.deepEqual(
      ["sshPublicKey", "sshPort"].map((key) => config[`pulumi-gpu-clusters:${key}`]),
      ["ssh-ed25519 PUBLIC", 2222],
    );
    assert.doesNotMatch(derive("cudo"), /ssh|PRIVATE/);
    const boots = deriveConfig("config: {}\n", undefined, { ...simulator, machines: "nspawn" }, sshKey);
    assert.match(boots, /sshPublicKey: ssh-ed25519 PUBLIC/);
    assert.doesNotMatch(boots, /sshPort/);
    assert.doesNotMatch(derive("mithril") + boots, /PRIVATE/);
  });

  it("leads every AWS provider and tool to the simulated one, whatever the config and the environment say", () => {
    const endpoint = "http://127.0.0.1:4998";
    const real = {
      "pulumi-gpu-clusters:cloud": "aws",
      "aws:region": "eu-west-1",
      "aws:profile": "production",
      "aws:assumeRoles": [{ roleArn: "arn:aws:iam::210987654321:role/real" }],
      "aws:defaultTags": { tags: { team: "research" } },
      "gpu-clusters:aws": { region: "eu-west-1", assumeRole: { roleArn: "arn:aws:iam::210987654321:role/real" } },
    };
    const derived = deriveConfig(JSON.stringify({ config: real }), undefined, { ...simulator, aws: { endpoint } });
    const { config } = parse(derived) as { config: Record<string, unknown> };
    assert.doesNotMatch(derived, /production|role\/real/);
    assert.deepEqual(config["gpu-clusters:aws"], { region: "eu-west-1", endpoint });
    assert.deepEqual(config["aws:defaultTags"], real["aws:defaultTags"]);
    const [endpoints] = config["aws:endpoints"] as Record<string, string>[];
    assert.ok(Object.values(endpoints!).every((url) => url === endpoint));
    assert.equal(config["aws:region"], "eu-west-1");
    assert.equal(config["pulumi-gpu-clusters:cni"], "none");

    const environment = pulumiEnvironment(stackFiles("aws"), { ...simulator, aws: { endpoint } });
    assert.equal(environment.AWS_ENDPOINT_URL, endpoint);
    // Profiles and session tokens that the user has set must not be found.
    for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN"]) assert.equal(environment[name], "");
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) assert.equal(environment[name], "/dev/null");
    assert.notEqual(environment.AWS_ACCESS_KEY_ID ?? "", "");
    assert.deepEqual(
      Object.keys(pulumiEnvironment(stackFiles("local"), simulator)).filter((name) => /^AWS_/.test(name)),
      [],
    );
  });

  it("keeps the salt of the stack's own passphrase, and no other", () => {
    const salted = `encryptionsalt: v1:theirs\n${committed}`;
    assert.doesNotMatch(deriveConfig(salted, undefined, simulator), /encryptionsalt/);
    const again = parse(deriveConfig(salted, "encryptionsalt: v1:ours\n", simulator)) as Record<string, unknown>;
    assert.equal(again.encryptionsalt, "v1:ours");
  });

  it("is refused for a cloud that the simulator does not run, so that npm start reaches no real one", async () => {
    const cloud = (name: string) => `config:\n  pulumi-gpu-clusters:cloud: ${name}\n`;
    assert.throws(
      () => requireSimulated("other", cloud("metal")),
      /the stack "other" is for metal, which npm start cannot simulate yet/,
    );
    for (const stack of ["aws", "local", "mithril"]) {
      requireSimulated(stack, await fs.readFile(`${__dirname}/../../Pulumi.${stack}.yaml`, "utf8"));
    }
  });
});

describe("stack files", () => {
  it("refuses names that would leave the stack's folder or take another's", () => {
    for (const name of ["..", "../x", "a/b", "", "simulator", "pulumi-home", ".hidden"]) {
      assert.throws(() => stackFiles(name), /can not be a stack's name/, name);
    }
    assert.match(stackFiles("local").kubeconfig, /\.gpu-clusters\/local\/kubeconfig$/);
  });

  it(
    "writes the kubeconfig for its owner only, also over an older one",
    inTemporaryFolder(async (folder) => {
      const files = { ...stackFiles("local"), kubeconfig: `${folder}/kubeconfig` };
      await fs.writeFile(files.kubeconfig, "old", { mode: 0o644 });
      await writeWhole(files.kubeconfig, "new");
      assert.equal(await fs.readFile(files.kubeconfig, "utf8"), "new");
      assert.equal((await fs.stat(files.kubeconfig)).mode & 0o777, 0o600);
    }),
  );
});

describe("npm run env", () => {
  it("prints lines from which a shell gets exactly the values", () => {
    const environment = { PLAIN: "a", ODD: `it's "$HOME" \\ \`x\``, PATH: process.env.PATH ?? "" };
    const script = `${exportLines(environment)}printf '%s' "$ODD"`;
    assert.equal(execFileSync("sh", ["-c", script], { encoding: "utf8" }), environment.ODD);
    const empty = `${exportLines({ AWS_PROFILE: "" })}printf '%s' "\${AWS_PROFILE-unset}"`;
    const env = { ...process.env, AWS_PROFILE: "mine" };
    assert.equal(execFileSync("sh", ["-c", empty], { encoding: "utf8", env }), "unset");
  });

  it("puts each tool's folder on PATH once, before the others, and points at the simulator", () => {
    const tools = { pulumi: "/cache/pulumi/pulumi", kubectl: "/usr/bin/kubectl", kwok: "/cache/kwok/kwok" };
    const environment = environmentOf(stackFiles("local"), simulator, tools, "/usr/bin:/bin");
    assert.equal(environment.PATH, "/cache/pulumi:/cache/kwok:/usr/bin:/bin");
    assert.equal(environment.CUDO_BASE_URL, simulator.cudo.baseUrl);
    assert.match(environment.PULUMI_BACKEND_URL ?? "", /^file:\/\/.*\/local\/backend$/);
  });
});

describe("what is left", () => {
  it("names each thing of each list with its kind", () => {
    const state = {
      cudo: { vms: [{ id: "local-control-plane" }], disks: [], networks: [{ name: "n" }] },
      machines: ["m"],
    };
    assert.deepEqual(listThings(state), ["cudo vms local-control-plane", "cudo networks n", "machines m"]);
  });

  it("is not what clouds keep records of after its end", () => {
    const mithril = {
      bids: [{ fid: "bid_1", status: "Terminated" }],
      instances: [{ status: "STATUS_TERMINATED" }],
      volumes: [
        { name: "old", deleted: true },
        { name: "data", deleted: false },
      ],
    };
    assert.deepEqual(listThings({ mithril }), ["mithril volumes data"]);
  });

  it("is nothing when every list is empty", () => {
    assert.deepEqual(listThings({ cudo: { vms: [], disks: [] }, machines: [] }), []);
  });
});

describe("output", () => {
  it("aligns names and shows structures as JSON", () => {
    assert.equal(
      formatOutputs({ endpoint: "https://x\n", nodeGroups: [1] }),
      "  endpoint    https://x\n  nodeGroups  [1]",
    );
  });

  it("reports each kind of step at once and otherwise every 15 s", () => {
    const lines: string[] = [];
    let time = 0;
    const report = lineReport(
      (line) => lines.push(line),
      () => time,
    );
    report("etcd", "downloading modules");
    report("etcd", "compiling, 1 packages");
    time = 14_000;
    report("etcd", "compiling, 2 packages");
    time = 16_000;
    report("etcd", "compiling, 3 packages");
    assert.deepEqual(lines, [
      "etcd: downloading modules (0 s)",
      "etcd: compiling, 1 packages (0 s)",
      "etcd: compiling, 3 packages (16 s)",
    ]);
  });
});
