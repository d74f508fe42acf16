import { accountBesideOthers } from "./service-account";

accountBesideOthers("stand-in");
