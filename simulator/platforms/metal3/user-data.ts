/** What kubeadm's bootstrap provider tells a machine of itself, in the words of cloud-init. Pure. */
import { parse, parseAllDocuments } from "yaml";
import type { Registration } from "./nodes";

interface KubeadmDocument {
  kind?: string;
  nodeRegistration?: Registration;
}

/** @returns undefined where kubeadm is told nothing */
export function registrationIn(userData: string): Registration | undefined {
  const { write_files: files = [] } = parse(userData) as { write_files?: { path: string; content: string }[] };
  const documents = files
    .filter(({ path }) => /^\/run\/kubeadm\/kubeadm(-join-config)?\.yaml$/.test(path))
    .flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS() as KubeadmDocument | null));
  return documents.find((document) => document?.kind === "InitConfiguration" || document?.kind === "JoinConfiguration")
    ?.nodeRegistration;
}
