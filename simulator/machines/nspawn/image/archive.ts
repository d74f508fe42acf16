/** Container images in docker's archive format, which containerd imports. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../../../../toolchain/tools/command";

export interface ContainerImage {
  /** `registry.example/name:tag` */
  readonly name: string;
  /** Files by their path in the image: where each is copied from, or what it says. */
  readonly files: ReadonlyMap<string, { source: string } | { text: string }>;
  readonly entrypoint: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Writes `file`, a tar archive with one layer. */
export async function writeImageArchive(image: ContainerImage, file: string): Promise<void> {
  const folder = `${file}.parts`;
  const [tree, parts] = [join(folder, "tree"), join(folder, "parts")];
  await mkdir(join(tree, "tmp"), { recursive: true });
  await mkdir(join(tree, "etc"));
  await mkdir(parts);
  for (const [name, content] of image.files) {
    const target = join(tree, name);
    await mkdir(dirname(target), { recursive: true });
    if ("text" in content)
      await writeFile(target, content.text, { mode: content.text.startsWith("#!") ? 0o755 : 0o644 });
    else await cp(content.source, target, { dereference: true });
  }
  const layer = join(parts, "layer.tar");
  await tar(tree, layer);
  const digest = await sha256(layer);
  await rename(layer, join(parts, `${digest}.tar`));
  const config = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: Object.entries({ PATH: path, ...image.environment }).map(([name, value]) => `${name}=${value}`),
      Entrypoint: image.entrypoint,
      WorkingDir: "/",
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    history: [{ created_by: "pulumi-gpu-clusters" }],
  });
  const configFile = `${createHash("sha256").update(config).digest("hex")}.json`;
  await writeFile(join(parts, configFile), config);
  await writeFile(
    join(parts, "manifest.json"),
    JSON.stringify([{ Config: configFile, RepoTags: [image.name], Layers: [`${digest}.tar`] }]),
  );
  await tar(parts, file);
  await rm(folder, { recursive: true });
}

async function tar(folder: string, file: string): Promise<void> {
  const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await runCommand("tar", [...reproducible, "-C", folder, "-cf", file, ...(await readdir(folder)).sort()], {});
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
