/** The one place where a light machine looks into its start script. */
import type { NodeDocument } from "../../bootstrap/document";

const block = /^# BEGIN NODE DOCUMENT\n([\s\S]*?)^# END NODE DOCUMENT/m;

/** Undefined for a script that makes no node: a plain machine. */
export function documentOf(startScript: string): NodeDocument | undefined {
  const text = block.exec(startScript)?.[1];
  return text === undefined ? undefined : (JSON.parse(text) as NodeDocument);
}
