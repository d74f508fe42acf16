import { describeFaults } from "./fault-suite";

describeFaults(["an answer lost after the effect", "500"]);
