/** How long an administrator's certificate may live, for the cluster's arguments and the resources' inputs alike. Pure. */
const [shortestHours, longestHours] = [3, 87_600];

/** What is wrong with the hours; undefined: nothing. */
export function adminValidityProblem(hours: number): string | undefined {
  if (Number.isInteger(hours) && hours >= shortestHours && hours <= longestHours) return undefined;
  return `must be from ${shortestHours} to ${longestHours} whole hours, is ${hours}`;
}
