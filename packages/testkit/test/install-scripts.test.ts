import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);

describe("npm with the repository's .npmrc", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-scripts-"));
    await mkdir(join(folder, "eager"));
    const eager = {
      name: "eager",
      version: "1.0.0",
      scripts: { postinstall: "node -e \"fs.writeFileSync('ran', '')\"" },
    };
    await writeFile(join(folder, "eager/package.json"), JSON.stringify(eager));
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "project", private: true }));
    await copyFile(join(ROOT, ".npmrc"), join(folder, ".npmrc"));
    await run("npm", ["pack", "./eager"], { cwd: folder });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const hasRun = () =>
    readFile(join(folder, "node_modules/eager/ran")).then(
      () => true,
      () => false,
    );
  const install = (...options: string[]) =>
    run("npm", ["install", "--offline", "--no-save", ...options, "./eager-1.0.0.tgz"], { cwd: folder });

  it("runs no program of a package that is installed, unless it is told to", async () => {
    await install();
    expect(await hasRun()).toBe(false);
    await rm(join(folder, "node_modules"), { recursive: true });
    await install("--ignore-scripts=false", "--dangerously-allow-all-scripts");
    expect(await hasRun()).toBe(true);
  });

  it("prints a bill of materials with all that package-lock.json has, and no registry's name", async () => {
    const { stdout } = await run("npm", ["run", "--silent", "sbom"], { cwd: ROOT, maxBuffer: 64 << 20 });
    const bill = JSON.parse(stdout) as Bill;
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: expect.stringMatching(/^1\./) });
    const { packages } = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as Lock;
    const locked = Object.entries(packages).filter(
      ([path, { link }]) => path.includes("node_modules/") && link !== true,
    );
    const listed = new Set(bill.components.map(({ purl }) => decodeURIComponent(purl)));
    const wanted = locked.map(
      ([path, { name = path.split("node_modules/").at(-1), version }]) => `pkg:npm/${name}@${version}`,
    );
    expect(wanted.filter((purl) => !listed.has(purl))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(300);
    const references = bill.components.flatMap(({ externalReferences = [] }) => externalReferences);
    expect(references.filter(({ type }) => type === "distribution")).toEqual([]);
  });
});

interface Bill {
  readonly components: readonly {
    readonly purl: string;
    readonly externalReferences?: readonly { readonly type: string; readonly url: string }[];
  }[];
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly name?: string; readonly version?: string; readonly link?: boolean }>
  >;
}
