// Tells whether the plugin's bundle is newer than all that it was made of. Plain JavaScript, because it runs each time that the
// engine starts the plugin, before anything that can read TypeScript is loaded.
"use strict";
/* global require, module */
/* eslint-disable @typescript-eslint/no-require-imports */
const { readFileSync, statSync } = require("node:fs");
const { join } = require("node:path");

/** Written last by the build: the files that went into it. */
const RECORD = "inputs.json";

/**
 * @param {string} root the checkout
 * @param {string} bundle the folder of the bundle
 * @returns {boolean}
 */
function isFresh(root, bundle) {
  try {
    const record = join(bundle, RECORD);
    const built = statSync(record).mtimeMs;
    const { inputs } = JSON.parse(readFileSync(record, "utf8"));
    return inputs.every((/** @type {string} */ input) => statSync(join(root, input)).mtimeMs < built);
  } catch {
    // Missing, half-written, or a source is gone: all the same.
    return false;
  }
}

module.exports = { RECORD, isFresh };
