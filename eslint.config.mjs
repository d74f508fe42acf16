import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Which room may import which is held by .dependency-cruiser.cjs. */
const heavyRoots = [
  {
    name: "@pulumi/aws",
    message: "Import a submodule, for example @pulumi/aws/ec2: the root loads and type-checks everything.",
  },
  { name: "@pulumi/kubernetes", message: "Import a submodule, for example @pulumi/kubernetes/core/v1." },
];
const sdkRoot = {
  name: "@pulumi/pulumi",
  message: "Import sdk/pulumi: the root loads a TypeScript compiler with each preview.",
};

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".gpu-clusters/"] },
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-restricted-imports": ["error", { paths: heavyRoots }],
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
    files: ["{sdk,provider,plugin,components,bootstrap,cli,stack,autoscaler}/**/*.ts", "index.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [...heavyRoots, sdkRoot] }] },
  },
  {
    files: ["tests/**/*.ts", "provider/server/resource.ts"],
    rules: { "@typescript-eslint/no-explicit-any": "off" },
  },
);
