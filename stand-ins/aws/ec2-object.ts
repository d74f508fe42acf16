/** What is common to things that EC2 makes with an id and tags. */
import type { ResourceType, Tag } from "@aws-sdk/client-ec2";
import { PartialFailure } from "../../provider/server/resource";
import type { Properties } from "../../provider/server/wire";
import type { Subject } from "../server/server";
import type { TableResource } from "../server/table";
import type { Cloud, Plain, Tags } from "./cloud";

export type Names<Args> = readonly (keyof Args & string)[];

/** `Args` and `State` are the types of @pulumi/aws, which hold the names of inputs and outputs to the official ones. */
export interface Ec2Kind<Args, State> extends Pick<
  TableResource<Cloud>,
  | "autoname"
  | "chosen"
  | "defaults"
  | "replaceOn"
  | "deleteBeforeReplace"
  | "volatile"
  | "nested"
  | "problems"
  | "secrets"
> {
  /** As EC2 calls it in tags: `vpc`. Absent for what has no tags. */
  readonly tagged?: ResourceType;
  readonly inputs: Names<Args>;
  readonly required?: Names<Args>;
  /** @returns the id */
  make(cloud: Cloud, inputs: Plain<Args>, subject: Subject): Promise<string>;
  /** What `make` leaves to a second call, and what an update changes. `state` is empty for one that is new or never was adjusted. */
  adjust?(cloud: Cloud, id: string, inputs: Plain<Args>, state: Plain<State>, subject: Subject): Promise<void>;
  /** Waits after a create and after an update. */
  settle?(cloud: Cloud, id: string, subject: Subject): Promise<void>;
  /** Undefined when it is gone. */
  describe(cloud: Cloud, id: string): Promise<{ state: Plain<State>; tags?: Tag[] | undefined } | undefined>;
  /** Where the id that others see is not the one that tags go to. */
  remove(cloud: Cloud, id: string, state: Plain<State>, subject: Subject): Promise<void>;
}

/** In the state of what was made and not adjusted: the next update does that as for a new one. */
const unfinished = "__unfinished";

export function ec2Object<Args, State>(kind: Ec2Kind<Args, State>): TableResource<Cloud> {
  const { make, adjust, settle, describe, remove, tagged, autoname, defaults, replaceOn, deleteBeforeReplace } = kind;
  const read = async (cloud: Cloud, id: string): Promise<Properties | undefined> => {
    const found = await describe(cloud, id);
    return found && { ...present(found.state as Properties), ...(tagged && cloud.readTags(found.tags)) };
  };
  const existing = async (cloud: Cloud, id: string): Promise<Properties> => {
    const found = await read(cloud, id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found;
  };
  return {
    inputs: [...kind.inputs, ...(tagged ? ["tags"] : [])],
    required: kind.required ?? [],
    replaceOn,
    ...(autoname && { autoname }),
    ...(kind.chosen && { chosen: kind.chosen }),
    ...(defaults && { defaults }),
    ...(deleteBeforeReplace !== undefined && { deleteBeforeReplace }),
    ...(kind.volatile && { volatile: kind.volatile }),
    ...(kind.nested && { nested: kind.nested }),
    ...(kind.problems && { problems: kind.problems }),
    ...(kind.secrets && { secrets: kind.secrets }),
    ...(tagged && { foresee: (cloud, inputs) => ({ tagsAll: cloud.tagsAll(inputs["tags"] as Tags | undefined) }) }),
    create: async (cloud, inputs, subject) => {
      const id = await make(cloud, inputs as Plain<Args>, subject);
      try {
        await adjust?.(cloud, id, inputs as Plain<Args>, {} as Plain<State>, subject);
        await settle?.(cloud, id, subject);
        return { id, outputs: await existing(cloud, id) };
      } catch (error) {
        const outputs = { ...(await read(cloud, id).catch(() => undefined)), [unfinished]: true };
        throw new PartialFailure(id, outputs, [`${id} exists but is not complete: ${(error as Error).message}`], {
          cause: error,
        });
      }
    },
    read,
    ...((adjust || tagged) && {
      update: async (cloud, id, news, state, subject) => {
        const before = unfinished in state ? {} : state;
        await adjust?.(cloud, id, news as Plain<Args>, before as Plain<State>, subject);
        if (tagged) await cloud.retag(id, state["tagsAll"] as Tags | undefined, news["tags"] as Tags | undefined);
        await settle?.(cloud, id, subject);
        return existing(cloud, id);
      },
    }),
    delete: (cloud, id, state, subject) => remove(cloud, id, state as Plain<State>, subject),
  };
}

function present(values: Properties): Properties {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
