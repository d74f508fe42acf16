import { describeFaults } from "./fault-suite";

describeFaults(["an error before any effect", "429 with Retry-After"]);
