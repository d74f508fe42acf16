/** `npm run test:e2e -- tests/engine/service-account.e2e.ts` */
import { accountBesideOthers } from "./service-account";

accountBesideOthers("Pulumi's own provider");
