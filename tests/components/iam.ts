/** As much of IAM's evaluation as the cluster's policies use: allowing statements, wildcards, and a few operators. */
import type { PolicyDocument } from "../../components/aws/policies";

export interface IamRequest {
  readonly action: string;
  /** ARN, or `*` for what has none. */
  readonly resource: string;
  /** Tags that the resource has. */
  readonly resourceTags?: Readonly<Record<string, string>>;
  /** Tags that the request gives. */
  readonly requestTags?: Readonly<Record<string, string>>;
  /** Keys of tags that the request takes away. */
  readonly removedTags?: readonly string[];
  /** Of the call that makes the resource whose tags are given. */
  readonly createAction?: string;
  /** Other keys of conditions. */
  readonly context?: Readonly<Record<string, string>>;
}

export function isAllowed({ Statement }: PolicyDocument, request: IamRequest): boolean {
  const context = contextOf(request);
  return Statement.some(
    ({ Action, Resource = [], Condition = {} }) =>
      Action.some((pattern) => matches(pattern, request.action)) &&
      Resource.some((pattern) => matches(pattern, request.resource)) &&
      Object.entries(Condition).every(([operator, keys]) => {
        // Of what the request has several of, each: none at all will do.
        const ofEach = /^ForAllValues:(.*)/.exec(operator)?.[1];
        const compare = operators[ofEach ?? operator];
        if (!compare) throw new Error(`${operator} is not understood here`);
        if (ofEach !== undefined)
          return Object.entries(keys).every(([key, values]) =>
            (severalOf(request)[key] ?? []).every((found) => [values].flat().some((value) => compare(value, found))),
          );
        // A key that the request does not have is not equal to anything.
        return Object.entries(keys).every(([key, values]) =>
          [values].flat().some((value) => compare(value, context[key] ?? "\0")),
        );
      }),
  );
}

const operators: Readonly<Record<string, (wanted: string, found: string) => boolean>> = {
  StringEquals: (wanted, found) => wanted === found,
  Bool: (wanted, found) => wanted === found,
  ArnLike: matches,
};

function severalOf({ requestTags = {}, removedTags = [] }: IamRequest): Record<string, readonly string[]> {
  return { "aws:TagKeys": [...Object.keys(requestTags), ...removedTags] };
}

function contextOf({ action, resourceTags, requestTags, createAction, context }: IamRequest): Record<string, string> {
  const prefixed = (prefix: string, tags: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]));
  return {
    ...context,
    ...prefixed("aws:ResourceTag", resourceTags),
    ...prefixed("aws:RequestTag", requestTags),
    ...(createAction && { [`${action.split(":")[0]}:CreateAction`]: createAction }),
  };
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
  return new RegExp(`^${escaped}$`).test(text);
}
