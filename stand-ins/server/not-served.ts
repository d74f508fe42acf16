/** Something that the official plugin does and its stand-in does not. */
export class NotServed extends Error {
  override readonly name = "NotServed";
  constructor(provider: string, what: string) {
    super(
      `the simulator's stand-in for the ${provider} provider does not do ${what}; ` +
        `install the official plugin: pulumi plugin install resource ${provider}`,
    );
  }
}
