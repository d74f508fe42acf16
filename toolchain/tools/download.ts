import { createHash } from "node:crypto";
import { createWriteStream, promises as fs } from "node:fs";
import * as path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../sdk/message";
import { runCommand } from "./command";
import type { Download } from "./tool";

/** The part of `fetch` that is used, so that tests can stand in for the network. */
export type Fetch = (url: string, init: { signal: AbortSignal }) => Promise<Response>;

export interface Downloader {
  fetch: Fetch;
  /** Milliseconds until the first byte of an answer must have arrived. */
  answerTimeout: number;
  /** Milliseconds without a byte after which a transfer counts as stalled. */
  stallTimeout: number;
  signal?: AbortSignal;
}

/** The host gave no answer in time: no further download is worth a try. */
export class UnreachableError extends Error {}

/** What arrived is not what the publisher announced. */
export class ChecksumMismatchError extends Error {}

/**
 * Downloads a tool into `folder` as executable `name` (with the files beside it, where it comes in an archive), once
 * its SHA-256 is known to be right. Nothing is unpacked or made executable before that.
 */
export async function download(
  recipe: Download,
  name: string,
  folder: string,
  scratch: string,
  downloader: Downloader,
  onProgress: (text: string) => void = () => undefined,
): Promise<void> {
  const expected = recipe.sha256 ?? (await publishedChecksum(recipe, downloader));
  const file = path.join(scratch, "download");
  const actual = await transfer(recipe.url, file, downloader, onProgress);
  if (actual !== expected) {
    await fs.rm(file, { force: true });
    throw new ChecksumMismatchError(`${recipe.url} has SHA-256 ${actual}, expected ${expected}; it was deleted`);
  }
  if (recipe.form === "executable") {
    await fs.rename(file, path.join(folder, name));
    await fs.chmod(path.join(folder, name), 0o755);
    return;
  }
  const unpacked = path.join(scratch, "unpacked");
  await fs.mkdir(unpacked);
  await runCommand("tar", ["-xf", file, "-C", unpacked], { cancelSignal: downloader.signal });
  await fs.rm(file);
  const source = path.join(unpacked, recipe.folder ?? ".");
  for (const entry of await fs.readdir(source)) await fs.rename(path.join(source, entry), path.join(folder, entry));
}

async function publishedChecksum(recipe: Download, downloader: Downloader): Promise<string> {
  if (recipe.checksumUrl === undefined) throw new Error(`${recipe.url} has no known checksum`);
  const answer = await request(recipe.checksumUrl, downloader);
  const text = await withinStall(recipe.checksumUrl, downloader, answer.text());
  const checksum = findChecksum(text, path.posix.basename(new URL(recipe.url).pathname));
  if (checksum === undefined) throw new Error(`${recipe.checksumUrl} has no checksum of ${recipe.url}`);
  return checksum;
}

/** What arrives in one piece. */
async function withinStall<T>(url: string, { stallTimeout }: Downloader, body: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${url} stalled`)), stallTimeout);
  });
  try {
    return await Promise.race([body, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

/** The SHA-256 of `fileName` in a checksum file: lines of `<hex>  <file name>`, or one `<hex>` alone. */
export function findChecksum(text: string, fileName: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const named = lines.find(([, name]) => name?.replace(/^\*/, "") === fileName);
  const alone = lines.length <= 2 ? lines.find(([hex, name]) => hex && name === undefined) : undefined;
  const checksum = (named ?? alone)?.[0]?.toLowerCase();
  return checksum && /^[0-9a-f]{64}$/.test(checksum) ? checksum : undefined;
}

/** Answers with the headers in hand; the caller reads the body. */
async function request(url: string, downloader: Downloader): Promise<Response> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), downloader.answerTimeout);
  try {
    const signal = downloader.signal ? AbortSignal.any([deadline.signal, downloader.signal]) : deadline.signal;
    const answer = await downloader.fetch(url, { signal });
    if (!answer.ok) throw new Error(`${url} answers HTTP ${answer.status}`);
    return answer;
  } catch (error) {
    downloader.signal?.throwIfAborted();
    const host = new URL(url).host;
    if (deadline.signal.aborted) {
      throw new UnreachableError(`${host} gave no answer in ${downloader.answerTimeout / 1000} s`);
    }
    // fetch fails with a TypeError when no connection came about; its cause says why.
    if (error instanceof TypeError) {
      const cause = messageOf(error.cause instanceof Error ? error.cause : error);
      throw new UnreachableError(`${host} can not be reached: ${cause}`);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes the body of `url` to `file` and returns its SHA-256 in hex. */
async function transfer(
  url: string,
  file: string,
  downloader: Downloader,
  onProgress: (text: string) => void,
): Promise<string> {
  const answer = await request(url, downloader);
  if (!answer.body) throw new Error(`${url} answers without a body`);
  const total = Number(answer.headers.get("content-length") ?? 0);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`${url} stalled`)), downloader.stallTimeout);
  const hash = createHash("sha256");
  let received = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.refresh();
      hash.update(chunk);
      received += chunk.length;
      onProgress(`${megabytes(received)}${total ? ` of ${megabytes(total)}` : ""} MB`);
      done(null, chunk);
    },
  });
  try {
    const signal = downloader.signal ? AbortSignal.any([stalled.signal, downloader.signal]) : stalled.signal;
    await pipeline(Readable.fromWeb(answer.body as never), meter, createWriteStream(file), { signal });
  } catch (error) {
    stalled.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return hash.digest("hex");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
