/**
 * Bundles `<drover-upload>` with all that it needs into one file, for pages without a build step:
 * `node scripts/bundle.mjs [file]`, by default into the package's own `dist/standalone`. Needs a build.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./say.mjs";

const folder = join(root, "packages/web-component");
await build({
  entryPoints: [join(folder, "dist/index.js")],
  outfile: process.argv[2] ?? join(folder, "dist/standalone/drover-upload.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  logLevel: "warning",
});
