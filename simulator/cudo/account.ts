/** The user: profile, API keys, SSH keys, projects and billing accounts (reference: Cudo API, /v1/auth, /v1/api-keys, /v1/ssh-keys and others). */
import { createHash } from "node:crypto";
import { derived, nextIdentifier } from "../identifiers";
import { checkId, required } from "./checks";
import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "./errors";
import type { apiKeyBody, projectBody, projectUpdateBody, sshKeyBody } from "./messages";
import {
  billingAccountId,
  ofProject,
  type CudoState,
  type StoredApiKey,
  type StoredProject,
  type StoredSshKey,
  type World,
} from "./model";
import type { Decoded } from "./protojson";

export function profile() {
  return { emailAddress: "simulator@example.invalid", firstName: "Simulated", lastName: "User", picture: "" };
}

/** The key itself is answered this once. */
export function generateApiKey(world: World, body: Decoded<typeof apiKeyBody>) {
  const id = required("apikeyId", body.apikeyId);
  if (!/^[a-z0-9-]{4,63}$/.test(id))
    throw invalidArgument(`apikeyId "${id}" is invalid: 4 to 63 lower-case letters, digits and hyphens`);
  if (world.state.apiKeys[id]) throw alreadyExists("An api key");
  const { seed } = world.state.identifiers;
  const key = derived(seed, `api-key-${nextIdentifier(world.state.identifiers)}`);
  world.state.apiKeys[id] = { id, key, createTime: world.now };
  return { ...apiKeyView(world.state.apiKeys[id]!), key };
}

export function deleteApiKey(world: World, id: string) {
  if (!world.state.apiKeys[id]) throw notFound("api key", id);
  delete world.state.apiKeys[id];
  return {};
}

export function apiKeyView(key: StoredApiKey) {
  return { id: key.id, key: "", createTime: new Date(key.createTime).toISOString() };
}

export function createSshKey(world: World, body: Decoded<typeof sshKeyBody>) {
  const publicKey = required("publicKey", body.publicKey).trim();
  if (!/^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/]+=*( .*)?$/.test(publicKey))
    throw invalidArgument("publicKey is not an SSH public key");
  if (Object.values(world.state.sshKeys).some((key) => key.publicKey === publicKey)) throw alreadyExists("An SSH key");
  const id = nextIdentifier(world.state.identifiers);
  world.state.sshKeys[id] = { id, publicKey, createTime: world.now };
  return sshKeyView(world.state.sshKeys[id]!);
}

export function findSshKey(world: World, id: string): StoredSshKey {
  const key = world.state.sshKeys[id];
  if (!key) throw notFound("ssh key", id);
  return key;
}

export function deleteSshKey(world: World, id: string) {
  delete world.state.sshKeys[findSshKey(world, id).id];
  return {};
}

export function sshKeyView(key: StoredSshKey) {
  const [type = "", blob = "", ...comment] = key.publicKey.split(" ");
  const fingerprint = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64").replace(/=+$/, "");
  return {
    id: key.id,
    publicKey: key.publicKey,
    type,
    comment: comment.join(" "),
    fingerprint: `SHA256:${fingerprint}`,
    createTime: new Date(key.createTime).toISOString(),
  };
}

export function createProject(world: World, body: Decoded<typeof projectBody>) {
  const id = checkId("id", body.id, 63);
  const account = checkBillingAccount(body.billingAccountId);
  if (world.state.projects[id]) throw alreadyExists("A project");
  world.state.projects[id] = { id, billingAccountId: account };
  return projectView(world.state, world.state.projects[id]!);
}

export function updateProject(world: World, project: StoredProject, body: Decoded<typeof projectUpdateBody>) {
  project.billingAccountId = checkBillingAccount(body.billingAccountId);
  return projectView(world.state, project);
}

/** Refused (code 9) while it has resources. */
export function deleteProject(world: World, project: StoredProject) {
  const count = resourceCount(world.state, project.id);
  if (count > 0) throw failedPrecondition(`Project cannot be deleted: it has ${count} resources`);
  delete world.state.projects[project.id];
  return {};
}

export function projectView(state: CudoState, project: StoredProject) {
  return {
    id: project.id,
    billingAccountId: project.billingAccountId,
    createBy: "simulator",
    resourceCount: resourceCount(state, project.id),
  };
}

export function billingAccountView() {
  return {
    id: billingAccountId,
    displayName: "Simulated",
    state: "STATE_ACTIVE",
    creditBalance: { value: "1000.00" },
    hourlySpendLimit: { value: "1000.00" },
    monthlySpendLimit: { value: "100000.00" },
    paymentTerms: "PAYMENT_TERMS_PREPAID",
  };
}

export function getBillingAccount(id: string) {
  if (id !== billingAccountId) throw notFound("billing account", id);
  return billingAccountView();
}

function checkBillingAccount(id: string | undefined): string {
  if (required("billingAccountId", id) !== billingAccountId)
    throw invalidArgument(`billing account "${id}" does not exist`);
  return billingAccountId;
}

function resourceCount(state: CudoState, projectId: string): number {
  const kinds = [state.vms, state.disks, state.networks, state.securityGroups, state.images];
  return kinds.reduce(
    (sum, objects) => sum + ofProject<{ projectId: string; id: string }>(objects, projectId).length,
    0,
  );
}
