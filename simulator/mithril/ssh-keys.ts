/** SSH keys of a project (reference: Mithril API, /v2/ssh-keys). No read by fid and no rename. */
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { badRequest } from "./errors";
import { find, isLiveBid, isLiveReservation, newFid, ofProject, type StoredSshKey, type World } from "./model";
import { checkProject } from "./orders";
import type { CreateSshKeyBody } from "./requests";

export function createSshKey(world: World, body: CreateSshKeyBody) {
  checkProject(world, body.project);
  const pair = body.public_key ? undefined : generated();
  const publicKey = body.public_key?.trim() ?? pair!.publicKey;
  if (utils.parseKey(publicKey) instanceof Error) throw badRequest("public_key is not a valid OpenSSH public key");
  const key: StoredSshKey = {
    fid: newFid(world.state, "sshkey"),
    name: body.name,
    project: body.project,
    createdAt: world.now,
    publicKey,
    required: body.required ?? false,
  };
  world.state.sshKeys[key.fid] = key;
  return { ...sshKeyView(key), ...(pair ? { private_key: pair.privateKey } : {}) };
}

export function listSshKeys(world: World, project: string) {
  checkProject(world, project);
  return ofProject(world.state.sshKeys, project).map(sshKeyView);
}

export function updateSshKey(world: World, fid: string, { required }: { required: boolean }) {
  const key = find(world.state.sshKeys, "SSH key", fid);
  key.required = required;
  return sshKeyView(key);
}

/** Refused while an order that lives names it. */
export function deleteSshKey(world: World, fid: string): void {
  find(world.state.sshKeys, "SSH key", fid);
  const { bids, reservations } = world.state;
  const orders = [...Object.values(bids).filter(isLiveBid), ...Object.values(reservations).filter(isLiveReservation)];
  const user = orders.find((order) => order.launch.sshKeys.includes(fid));
  if (user) throw badRequest(`SSH key is in use by ${user.name} (${user.fid})`);
  delete world.state.sshKeys[fid];
}

function sshKeyView(key: StoredSshKey) {
  return {
    fid: key.fid,
    name: key.name,
    project: key.project,
    public_key: key.publicKey,
    created_at: new Date(key.createdAt).toISOString(),
    required: key.required,
  };
}

function generated(): { publicKey: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return { privateKey, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString("base64")}` };
}
