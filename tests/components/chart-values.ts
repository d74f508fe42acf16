/** Whether the charts that stand in for publishers' own take what components give. */
import { chartsOfOurs } from "../../simulator/services/charts";

interface Schema {
  properties?: Record<string, Schema>;
}

/** Places of values that the chart of the name does not know. A stand-in for each chart is in chartsOfOurs. */
export function strangePlaces(chart: string, values: unknown): string[] {
  const name = chart.split("/").at(-1);
  const served = chartsOfOurs.find((each) => each.name === name);
  const schema = served?.files["values.schema.json"];
  return schema === undefined ? [`chart ${name}`] : strangers(JSON.parse(schema) as Schema, values, "");
}

function strangers({ properties }: Schema, values: unknown, path: string): string[] {
  if (properties === undefined || typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return known ? strangers(known, value, `${path}${key}.`) : [`${path}${key}`];
  });
}
