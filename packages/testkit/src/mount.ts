import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system that a test mounted on a folder of its own. */
export interface TestMount {
  /** Takes it away at once, whoever uses it, and leaves the empty folder. Twice is fine. */
  unmount(): void;
}

/**
 * Mounts a small file system in memory on `folder`; `options` as `size=2m,nr_inodes=20` (tmpfs(5)). Needs
 * `canMount`.
 */
export function mountMemory(folder: string, options: string): TestMount {
  return mount(folder, ["-t", "tmpfs", "-o", options, "tmpfs"]);
}

/** Shows the folder `source` at `folder` as well, as a disk that is mounted there. Needs `canMount`. */
export function mountFolder(source: string, folder: string): TestMount {
  return mount(folder, ["--bind", source]);
}

function mount(folder: string, what: readonly string[]): TestMount {
  execFileSync("mount", [...what, folder], { stdio: "pipe" });
  let isMounted = true;
  return {
    unmount() {
      if (!isMounted) return;
      isMounted = false;
      execFileSync("umount", ["--lazy", folder]);
    },
  };
}

/**
 * Whether this process may mount: root outside a container, mostly. Tests that need it are skipped elsewhere.
 */
export function canMount(): boolean {
  const trial = mkdtempSync(join(tmpdir(), "drover-mount-"));
  try {
    mountMemory(trial, "size=1m").unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(trial);
  }
}
