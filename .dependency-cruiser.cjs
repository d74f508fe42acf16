// The arrows of the house (docs/architecture.md), `import()` and `require()` included. `npm run check` holds them.
/* global module */

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const never = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** What one room may import besides itself. Rooms that are not listed here are free. */
const rooms = {
  sdk: [],
  bootstrap: [],
  components: ["sdk", "bootstrap"],
  stack: ["sdk", "components"],
  cli: ["sdk"],
  provider: ["sdk", "bootstrap"],
  autoscaler: ["sdk", "provider"],
  plugin: ["sdk", "provider", "components"],
  toolchain: ["sdk"],
  simulator: [
    "sdk",
    "bootstrap",
    "provider",
    "toolchain",
    "components/versions",
    "autoscaler/protocol",
    "autoscaler/cluster/own-cluster",
  ],
  "stand-ins": ["sdk", "provider", "toolchain"],
  build: ["sdk", "plugin"],
  commands: ["sdk", "simulator", "stand-ins", "toolchain", "build"],
};
const every = ["tests", "examples", ...Object.keys(rooms)];
/** Keycloak is no cloud, and as separate as one. */
const clouds = "aws|cudo|keycloak|mithril";

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) =>
      never(
        `room-${room}`,
        `${room}/ may import ${["itself", ...allowed].join(", ")} only.`,
        { path: `^${room}/` },
        { path: `^(${every.join("|")})/`, pathNot: `^(${[room, ...allowed].join("|")})(/|\\.)` },
      ),
    ),
    never(
      "cloud-to-cloud",
      "A cloud's room imports no other cloud's.",
      { path: `^(sdk|provider|components|simulator)/(${clouds})/` },
      { path: `^(sdk|provider|components|simulator)/(${clouds})/`, pathNot: "^[^/]+/$2/" },
    ),
    never(
      "shared-knows-no-cloud",
      "What the clouds' rooms share knows none of them.",
      { path: "^provider/(server|cloud|node-groups|kubernetes)/|^sdk/(plugin|kubernetes)/" },
      { path: `^(sdk|provider)/(${clouds})/` },
    ),
    never(
      "server-below-clouds",
      "What asks clouds builds on the plugin's server, not the other way round.",
      { path: "^provider/server/" },
      { path: "^provider/", pathNot: "^provider/server/" },
    ),
    never(
      "programs-stay-light",
      "Programs load no cloud's SDK and no gRPC server: that is the plugin's side.",
      { path: "^(sdk|components|stack|bootstrap|index\\.ts)" },
      { path: "node_modules/(@aws-sdk|@smithy|@grpc|@kubernetes|ssh2|execa|fastify)/" },
    ),
    never(
      "published-needs-dependencies",
      "What programs load must come with the package, or be a peer of it that a cloud asks for.",
      { path: "^(sdk|components|stack|bootstrap)/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer"] },
    ),
    never(
      "peers-of-aws",
      "Who uses another cloud has not installed them.",
      { path: "^(sdk|components)/", pathNot: "^components/aws/" },
      { path: "node_modules/@pulumi/aws/" },
    ),
    never(
      "peers-of-mithril",
      "Who uses another cloud has not installed them.",
      { path: "^(sdk|components)/", pathNot: "^components/mithril/" },
      { path: "node_modules/@pulumi/command/" },
    ),
    never(
      "no-cycles",
      "Files that need each other are one file.",
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    ),
    never("resolvable", "Imports lead somewhere.", {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.gpu-clusters)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    moduleSystems: ["cjs", "es6"],
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
