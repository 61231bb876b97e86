import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Mutation, ROOT } from "./mutation.js";

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/**
 * The repository's files in a folder of their own, as they are now, committed or not: what is broken there is
 * broken nowhere else. Dependencies are links to those of the repository; workspaces are the copy's own.
 */
export class WorkingCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "drover-mutate-"));

  constructor() {
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of files.trim().split("\n")) {
      if (!existsSync(join(ROOT, file))) continue; // git knows it, and it was removed since
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(this.folder, file));
    }
    this.#allowUnused();
    this.#link("node_modules");
    for (const group of ["apps", "packages", "processors"]) {
      for (const name of readdirSync(join(ROOT, group))) this.#link(join(group, name, "node_modules"));
    }
  }

  /** Breaks the code; answers how to put it right. */
  apply({ file, find, replace }: Mutation): () => void {
    const path = join(this.folder, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    return () => writeFileSync(path, text);
  }

  /** Compiles what changed; answers the compiler's complaints, or `undefined`. */
  build(): string | undefined {
    const { status, stdout } = spawnSync(process.execPath, [TSC, "-b"], {
      cwd: this.folder,
      encoding: "utf8",
    });
    return status === 0 ? undefined : stdout.trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What is broken may leave something that nobody uses any more. */
  #allowUnused(): void {
    const path = join(this.folder, "tsconfig.base.json");
    const config = JSON.parse(readFileSync(path, "utf8")) as { compilerOptions: object };
    const compilerOptions = { ...config.compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
    writeFileSync(path, JSON.stringify({ ...config, compilerOptions }));
  }

  #link(modules: string): void {
    const from = join(ROOT, modules);
    for (const name of namesIn(from)) {
      if (name === "@drover") continue;
      const names = name.startsWith("@") ? namesIn(join(from, name)).map((one) => join(name, one)) : [name];
      for (const one of names) {
        mkdirSync(dirname(join(this.folder, modules, one)), { recursive: true });
        symlinkSync(join(from, one), join(this.folder, modules, one));
      }
    }
    if (!namesIn(from).includes("@drover")) return;
    mkdirSync(join(this.folder, modules), { recursive: true });
    cpSync(join(from, "@drover"), join(this.folder, modules, "@drover"), {
      recursive: true,
      verbatimSymlinks: true, // they are relative, and so lead into the copy
    });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}
