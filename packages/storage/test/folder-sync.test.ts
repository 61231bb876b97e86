import { expect, it } from "vitest";
import { FolderSync } from "../src/folder-sync.js";

/** Syncs that end when they are told to, in the order in which they began. */
function heldSyncs(root: string) {
  const begun: { readonly folder: string; readonly end: (error?: Error) => void }[] = [];
  const folders = new FolderSync(
    root,
    (folder) =>
      new Promise((resolve, reject) => {
        begun.push({ folder, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { folders, begun };
}

it("syncs the folder and those above it up to the root, which is synced once for each at the top", async () => {
  const { folders, begun } = heldSyncs("/store");
  const first = folders.syncUpwards("/store/inputs/a");
  expect(begun.map(({ folder }) => folder)).toEqual(["/store/inputs/a", "/store/inputs", "/store"]);
  for (const { end } of begun.splice(0)) end();
  await first;
  void folders.syncUpwards("/store/inputs/b");
  expect(begun.splice(0).map(({ folder }) => folder)).toEqual(["/store/inputs/b", "/store/inputs"]);
  void folders.syncUpwards("/store/jobs/c");
  expect(begun.map(({ folder }) => folder)).toEqual(["/store/jobs/c", "/store/jobs", "/store"]);
});

it("a call during a sync shares the next one with others, since the one that runs may miss its file", async () => {
  const { folders, begun } = heldSyncs("/store");
  const ended: string[] = [];
  const call = (name: string) => folders.syncUpwards("/store").then(() => ended.push(name));
  void call("first");
  const [second, third] = [call("second"), call("third")];
  expect(begun).toHaveLength(1);
  begun[0]?.end();
  await expect.poll(() => begun.length).toBe(2);
  expect(ended).toEqual(["first"]);
  begun[1]?.end();
  await Promise.all([second, third]);
  expect(begun).toHaveLength(2);
});

it("a sync that fails fails its callers only", async () => {
  const { folders, begun } = heldSyncs("/store");
  const first = folders.syncUpwards("/store");
  const second = folders.syncUpwards("/store");
  begun[0]?.end(new Error("EIO"));
  await expect(first).rejects.toThrow("EIO");
  await expect.poll(() => begun.length).toBe(2);
  begun[1]?.end();
  await second;
});
