import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** One room may not reach into another: see docs/architecture.md, "The house". */
const rooms = (forbidden, message, lean = true) => ({
  "no-restricted-imports": [
    "error",
    {
      paths: [
        {
          name: "@pulumi/aws",
          message: "Import a submodule, for example @pulumi/aws/ec2: the root loads and type-checks everything.",
        },
        { name: "@pulumi/kubernetes", message: "Import a submodule, for example @pulumi/kubernetes/core/v1." },
        ...(lean
          ? [
              {
                name: "@pulumi/pulumi",
                message: "Import sdk/pulumi: the root loads a TypeScript compiler with each preview.",
              },
            ]
          : []),
      ],
      patterns: forbidden.length ? [{ group: forbidden, message }] : [],
    },
  ],
});

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".gpu-clusters/"] },
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...rooms([], "", false),
      "max-lines": ["error", { max: 420, skipBlankLines: false, skipComments: false }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-explicit-any": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  {
    files: ["sdk/plugin/**/*.ts"],
    rules: rooms(["**/sdk/cudo/**", "../cudo/**", "../mithril/**", "../aws/**"], "The plugin server knows no cloud."),
  },
  {
    files: ["sdk/cudo/**/*.ts"],
    rules: rooms(
      ["../aws/**", "../mithril/**", "../../aws/**", "../../mithril/**", "**/components/**", "**/simulator/**"],
      "A cloud's room imports neither another cloud's, nor a component.",
    ),
  },
  {
    files: ["sdk/mithril/**/*.ts"],
    rules: rooms(
      ["../aws/**", "../cudo/**", "../../aws/**", "../../cudo/**", "**/components/**", "**/simulator/**"],
      "A cloud's room imports neither another cloud's, nor a component.",
    ),
  },
  {
    files: ["sdk/aws/**/*.ts"],
    rules: rooms(
      ["../cudo/**", "../mithril/**", "../../cudo/**", "../../mithril/**", "**/components/**", "**/simulator/**"],
      "A cloud's room imports neither another cloud's, nor a component.",
    ),
  },
  {
    files: ["sdk/cloud/**/*.ts"],
    rules: rooms(
      ["../aws/**", "../cudo/**", "../mithril/**", "**/components/**", "**/simulator/**", "**/toolchain/**"],
      "What the clouds' rooms share knows no cloud.",
    ),
  },
  {
    files: ["sdk/**/*.ts"],
    ignores: ["sdk/plugin/**", "sdk/cudo/**", "sdk/mithril/**", "sdk/aws/**", "sdk/cloud/**"],
    rules: rooms(
      ["**/components/**", "**/simulator/**", "**/toolchain/**"],
      "Nothing in sdk/ imports a component or the simulator.",
    ),
  },
  {
    files: ["components/**/*.ts", "bootstrap/**/*.ts", "cli/**/*.ts", "stack/**/*.ts", "index.ts"],
    rules: rooms(
      ["**/simulator/**", "**/toolchain/**", "**/handlers/**"],
      "Programs know neither the simulator nor the plugin's side.",
    ),
  },
  { files: ["tests/**/*.ts", "sdk/plugin/resource.ts"], rules: { "@typescript-eslint/no-explicit-any": "off" } },
);
