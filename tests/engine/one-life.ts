/** For a `describe` whose tests are the steps of one life: after a step that failed the others are skipped. (mocha's `bail` would end all files.) */
export function oneLife(): void {
  let failed = false;
  beforeEach(function () {
    if (failed) this.skip();
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === "failed";
  });
}
