import * as pulumi from "../sdk/pulumi";

/** A text that is set to something: Pulumi.yaml gives every optional text the default "". */
export function optionalText(config: pulumi.Config, key: string): string | undefined {
  return config.get(key) || undefined;
}

/** A list of objects. Fields that the cloud does not know are typing errors: all of them are named at once. */
export function objects<T extends object>(
  config: pulumi.Config,
  key: string,
  fields: readonly (keyof T & string)[],
): T[] {
  const list = config.requireObject<unknown>(key);
  const problems: string[] = [];
  if (!Array.isArray(list)) {
    throw new pulumi.RunError(`${config.name}:${key} must be a list`);
  }
  list.forEach((entry: unknown, index) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
      problems.push(`${key}[${index}] must be an object`);
      return;
    }
    for (const field of Object.keys(entry)) {
      if (!(fields as readonly string[]).includes(field)) {
        problems.push(`${key}[${index}].${field} is not a field; the fields are: ${fields.join(", ")}`);
      }
    }
  });
  if (problems.length > 0) {
    throw new pulumi.RunError(
      [`${config.name}: invalid configuration`, ...problems.map((problem) => `  ${problem}`)].join("\n"),
    );
  }
  return list as T[];
}

/** One object; undefined where it is not set. Fields that the cloud does not know are named all at once. */
export function object<T extends object>(
  config: pulumi.Config,
  key: string,
  fields: readonly (keyof T & string)[],
): T | undefined {
  const value = config.getObject<unknown>(key);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new pulumi.RunError(`${config.name}:${key} must be an object`);
  }
  const strangers = Object.keys(value).filter((field) => !(fields as readonly string[]).includes(field));
  if (strangers.length > 0) {
    const lines = strangers.map((field) => `  ${key}.${field} is not a field; the fields are: ${fields.join(", ")}`);
    throw new pulumi.RunError([`${config.name}: invalid configuration`, ...lines].join("\n"));
  }
  return value as T;
}
