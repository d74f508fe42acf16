/**
 * Shapes of JSON as Mithril's API description gives them, and what FastAPI says of a value that does not fit
 * (reference: Mithril API v2, schema `HTTPValidationError`). Requests are read with them; tests hold answers against them.
 */

export interface ShapeProblem {
  readonly loc: (string | number)[];
  readonly msg: string;
  readonly type: string;
}

export interface Shape {
  /** Everything that is wrong with the value. */
  problems(value: unknown, loc: (string | number)[]): ShapeProblem[];
  readonly optional?: boolean;
}

function leaf(accepts: (value: unknown) => boolean, msg: string, type: string): Shape {
  return { problems: (value, loc) => (accepts(value) ? [] : [{ loc, msg, type }]) };
}

export const string = leaf((value) => typeof value === "string", "Input should be a valid string", "string_type");
export const integer = leaf((value) => Number.isSafeInteger(value), "Input should be a valid integer", "int_type");
export const number = leaf((value) => typeof value === "number", "Input should be a valid number", "float_type");
export const boolean = leaf((value) => typeof value === "boolean", "Input should be a valid boolean", "bool_type");
export const datetime = leaf(
  (value) =>
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  "Input should be a valid datetime with a time zone",
  "datetime_from_date_parsing",
);
export const dollars = leaf(
  (value) => typeof value === "string" && /^\$\d+\.\d{2}$/.test(value),
  "Input should be a price such as $25.60",
  "value_error",
);

export function oneOf(...values: readonly string[]): Shape {
  const shown = values.map((value) => `'${value}'`).join(", ");
  return leaf((value) => typeof value === "string" && values.includes(value), `Input should be ${shown}`, "enum");
}

export function matching(pattern: RegExp, longest = Infinity): Shape {
  return leaf(
    (value) => typeof value === "string" && value.length <= longest && pattern.test(value),
    `String should match pattern '${pattern.source}'${longest < Infinity ? ` and have at most ${longest} characters` : ""}`,
    "string_pattern_mismatch",
  );
}

export function list(of: Shape, least = 0): Shape {
  return {
    problems(value, loc) {
      if (!Array.isArray(value)) return [{ loc, msg: "Input should be a valid list", type: "list_type" }];
      if (value.length < least)
        return [{ loc, msg: `List should have at least ${least} item after validation`, type: "too_short" }];
      return value.flatMap((entry, index) => of.problems(entry, [...loc, index]));
    },
  };
}

/** May be missing; may also be null. */
export function nullable(of: Shape): Shape {
  return {
    optional: true,
    problems: (value, loc) => (value === null || value === undefined ? [] : of.problems(value, loc)),
  };
}

/** May be missing. */
export function optional(of: Shape): Shape {
  return { optional: true, problems: (value, loc) => (value === undefined ? [] : of.problems(value, loc)) };
}

export function mapOf(of: Shape): Shape {
  return {
    problems: (value, loc) =>
      isObject(value)
        ? Object.entries(value).flatMap(([key, entry]) => of.problems(entry, [...loc, key]))
        : [{ loc, msg: "Input should be a valid dictionary", type: "dict_type" }],
  };
}

/** Unknown keys are ignored in requests, as the API does; `strict` refuses them, for answers. */
export function object(fields: Readonly<Record<string, Shape>>, { strict = false } = {}): Shape {
  return {
    problems(value, loc) {
      if (!isObject(value)) return [{ loc, msg: "Input should be a valid dictionary or object", type: "model_type" }];
      const found = Object.entries(fields).flatMap(([key, shape]) => {
        if (value[key] !== undefined) return shape.problems(value[key], [...loc, key]);
        return shape.optional ? [] : [{ loc: [...loc, key], msg: "Field required", type: "missing" }];
      });
      const unknown = strict ? Object.keys(value).filter((key) => !(key in fields)) : [];
      return [
        ...found,
        ...unknown.map((key) => ({
          loc: [...loc, key],
          msg: "Extra inputs are not permitted",
          type: "extra_forbidden",
        })),
      ];
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
