/** The contract on a real Keycloak: `npm run test:e2e -- tests/provider/keycloak/keycloak.e2e.ts`. */
import { keycloakProblem } from "../../../toolchain/tools/keycloak";
import { keycloakContract } from "./contract";
import { realKeycloak } from "./real-keycloak";

describe("OAuth2Client on a real Keycloak", function () {
  this.timeout(420_000);
  before(async function () {
    const problem = await keycloakProblem();
    if (problem === undefined) return;
    console.log(`Not run, because Keycloak cannot run here: ${problem}.`);
    this.skip();
  });
  keycloakContract(realKeycloak);
});
