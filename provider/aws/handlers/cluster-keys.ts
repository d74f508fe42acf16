import type { Ec2ControlPlaneKeys } from "../../../bootstrap/ec2";
import type * as pulumi from "../../../sdk/pulumi";
import type { ClusterKeysArgs } from "../../../sdk/aws/cluster-keys";
import type { Fields } from "../../cloud/inputs";
import { messageOf } from "../../../sdk/message";
import { withReason } from "../../cloud/wait";
import {
  makeAdministrator,
  makeClusterKeys,
  mustRenew,
  renewAdministrator,
  validityFailures,
  type Administrator,
} from "../../kubernetes/cluster-keys";
import { PartialFailure, type CheckFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import { isUnknown, Unknown } from "../../server/values";
import { connect } from "../connection";
import type { KeyStore } from "../key-store";

export type ClusterKeysInputs = pulumi.Unwrap<ClusterKeysArgs>;

interface ParameterNames {
  keysParameter: string;
  adminParameter: string;
}

export interface ClusterKeysOutputs extends Administrator, ParameterNames {
  caCertificate: string;
  sealedKeys: string;
  keysVersion: number;
  adminVersion: number;
}

export const clusterKeysHandler: ResourceHandler<ClusterKeysInputs, ClusterKeysOutputs> = {
  check(given) {
    const { parameterPath, kmsKeyId, adminValidityHours } = given as Fields<ClusterKeysInputs>;
    const failures: CheckFailure[] = [];
    if (typeof parameterPath === "string" && !/^(?!\/(aws|ssm)\b)(\/[\w.-]+){1,14}$/i.test(parameterPath)) {
      const reason = `"${parameterPath}" is not a path of SSM's parameters such as /gpu-clusters/train`;
      failures.push({ property: "parameterPath", reason });
    }
    if (kmsKeyId === "") failures.push({ property: "kmsKeyId", reason: "must not be empty" });
    return [...failures, ...validityFailures(adminValidityHours)];
  },

  plan({ outputs }, _inputs, changed) {
    const { keysVersion, adminVersion } = outputs;
    return {
      outputs: [
        ...(mustRenew(outputs, changed.includes("adminValidityHours")) ? ["adminCertificate", "adminExpiresAt"] : []),
        ...Object.entries({ keysVersion, adminVersion }).flatMap(([name, version]) => (version === 0 ? [name] : [])),
      ],
    };
  },

  preview(inputs, state) {
    if (state === undefined) return isUnknown(inputs.parameterPath) ? {} : namesIn(inputs.parameterPath);
    const { inputs: before, outputs } = state;
    const differs = (key: "adminValidityHours" | "kmsKeyId") => isUnknown(inputs[key]) || inputs[key] !== before[key];
    return {
      ...outputs,
      keysVersion: Unknown.value,
      adminVersion: Unknown.value,
      ...(differs("kmsKeyId") && { sealedKeys: Unknown.value }),
      ...(mustRenew(outputs, differs("adminValidityHours")) && {
        adminCertificate: Unknown.value,
        adminExpiresAt: Unknown.value,
      }),
    };
  },

  async create(inputs, context) {
    const { signal } = context;
    const names = namesIn(inputs.parameterPath);
    const store = await openStore(inputs, context);
    const left = await withReason(signal, async () => {
      const foreign = await store.foreign(Object.values(names), signal);
      if (foreign.length > 0) {
        const [which, take] = [foreign.join(" and "), "take another clusterName or namePrefix, or delete it"];
        throw new Error(`SSM has ${which} already, which this stack did not make: ${take}`);
      }
      return leftBefore(store, names.keysParameter, signal);
    });
    if (left) context.log.info(`takes over the keys in ${names.keysParameter}, which this resource left in SSM`);
    const keys = left ?? (await makeClusterKeys());
    const administrator = await makeAdministrator(keys, inputs.adminValidityHours);
    const sealedKeys = await withReason(signal, () => store.seal(keysText(keys), signal));
    const made = { ...names, ...administrator, caCertificate: keys.ca.certificate, sealedKeys };
    return {
      id: inputs.parameterPath,
      outputs: await written(store, inputs.parameterPath, { made, keys: keysText(keys) }, signal),
    };
  },

  async read(id, state, context) {
    if (state === undefined)
      throw new Error(`${id}: the keys of a cluster cannot be imported, only the state that made them opens them`);
    const { inputs, outputs } = state;
    const { keysParameter, adminParameter, keysVersion, adminVersion } = outputs;
    const store = await openStore(inputs, context);
    const live = await withReason(context.signal, () =>
      store.versions([keysParameter, adminParameter], context.signal),
    );
    const as = (name: string, version: number) => (live.get(name) === version ? version : 0);
    const versions = { keysVersion: as(keysParameter, keysVersion), adminVersion: as(adminParameter, adminVersion) };
    return { inputs, outputs: { ...outputs, ...versions } };
  },

  async update(id, inputs, { inputs: before, outputs }, context) {
    const { signal } = context;
    const store = await openStore(inputs, context);
    const keys = await withReason(signal, () => opened(store, outputs, signal));
    const { controlPlane } = JSON.parse(keys) as Ec2ControlPlaneKeys;
    const hours = inputs.adminValidityHours;
    const made = { ...outputs };
    if (mustRenew(outputs, hours !== before.adminValidityHours))
      Object.assign(made, await renewAdministrator(controlPlane, outputs, hours));
    if (inputs.kmsKeyId !== before.kmsKeyId) made.sealedKeys = await withReason(signal, () => store.seal(keys, signal));
    return written(store, id, { made, keys, formerTags: Object.keys(before.tags ?? {}) }, signal);
  },

  async delete(_id, { inputs, outputs: { keysParameter, adminParameter } }, context) {
    const store = await openStore(inputs, context);
    await withReason(context.signal, () => store.remove([keysParameter, adminParameter], context.signal));
  },
};

async function openStore(inputs: ClusterKeysInputs, context: ResourceContext): Promise<KeyStore> {
  // Their clients are for these moments only.
  const { KeyStore } = await import("../key-store.js");
  const { parameterPath: path, kmsKeyId, tags = {} } = inputs;
  return new KeyStore(connect(context.config), { path, kmsKeyId, tags, owner: context.urn });
}

/** Machines of the cluster may have them by now, so that others in their place would be another cluster's. */
async function leftBefore(
  store: KeyStore,
  name: string,
  signal: AbortSignal,
): Promise<Ec2ControlPlaneKeys["controlPlane"] | undefined> {
  try {
    const text = await store.read(name, signal);
    if (text === undefined) return undefined;
    const { controlPlane } = JSON.parse(text) as Partial<Ec2ControlPlaneKeys>;
    if (controlPlane?.ca === undefined) throw new Error("it holds no keys of a cluster");
    return controlPlane;
  } catch (error) {
    signal.throwIfAborted();
    const found = `SSM has ${name}, which this resource left, and it cannot be read`;
    throw new Error(`${found}: ${messageOf(error)}. Where no cluster has its keys, delete it`, { cause: error });
  }
}

async function opened(store: KeyStore, { sealedKeys }: ClusterKeysOutputs, signal: AbortSignal): Promise<string> {
  try {
    return await store.open(sealedKeys, signal);
  } catch (error) {
    signal.throwIfAborted();
    const hint =
      "whoever changes them needs the KMS key that they were sealed with. One that is to be deleted comes back";
    const how = "by `aws kms cancel-key-deletion` and `aws kms enable-key`";
    throw new Error(`the cluster's keys cannot be opened, and ${hint} ${how}: ${messageOf(error)}`, { cause: error });
  }
}

interface Writing {
  made: Omit<ClusterKeysOutputs, "keysVersion" | "adminVersion">;
  keys: string;
  formerTags?: readonly string[];
}

/** Whatever ends it early, the state has the keys, and the next update writes both again. */
async function written(
  store: KeyStore,
  id: string,
  { made, keys, formerTags = [] }: Writing,
  signal: AbortSignal,
): Promise<ClusterKeysOutputs> {
  try {
    return await withReason(signal, async () => {
      const write = async (name: string, value: string) => (await store.write(name, value, formerTags, signal)) ?? 0;
      const keysVersion = await write(made.keysParameter, keys);
      return { ...made, keysVersion, adminVersion: await write(made.adminParameter, adminCredential(made)) };
    });
  } catch (error) {
    const unfinished = { ...made, keysVersion: 0, adminVersion: 0 };
    throw new PartialFailure<ClusterKeysOutputs>(id, unfinished, [messageOf(error)], { cause: error });
  }
}

function namesIn(path: string): ParameterNames {
  return { keysParameter: `${path}/control-plane-keys`, adminParameter: `${path}/admin-credential` };
}

function keysText(controlPlane: Ec2ControlPlaneKeys["controlPlane"]): string {
  return JSON.stringify({ controlPlane } satisfies Ec2ControlPlaneKeys);
}

/** Reference: Kubernetes, "client-go credential plugins". */
function adminCredential({ adminCertificate, adminPrivateKey, adminExpiresAt }: Administrator): string {
  return JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: {
      clientCertificateData: adminCertificate,
      clientKeyData: adminPrivateKey,
      expirationTimestamp: adminExpiresAt,
    },
  });
}
