/** Nobody could find out whether a create made anything: the object may exist. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}
