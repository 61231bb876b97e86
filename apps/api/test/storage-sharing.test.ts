import { DomainError } from "@drover/core";
import { testQueue, testStore, waitFor } from "@drover/testkit";
import { expect, it, onTestFinished } from "vitest";
import { createStorageSharing } from "../src/operations/storage-sharing.js";

/** The warnings of an api whose look at Redis and storage ends with the error. */
async function warningsOf(error: unknown): Promise<readonly (readonly unknown[])[]> {
  const warnings: (readonly unknown[])[] = [];
  const quiet = () => {};
  const sharing = createStorageSharing({
    apiId: "api",
    apis: (await testQueue()).apis,
    store: (await testStore()).store,
    installation: { confirm: () => Promise.reject(error) },
    processors: { list: async () => [], workers: [], workersOf: () => undefined },
    log: { debug: quiet, info: quiet, warn: (...line) => void warnings.push(line), error: quiet },
    now: Date.now,
  });
  onTestFinished(() => sharing.stop());
  sharing.start();
  await waitFor(() => warnings.length > 0);
  return warnings;
}

it("tells a refusal by its words, and an unexpected error with all that is known of it", async () => {
  const refusal = new DomainError("storage_not_shared", "Another storage.");
  expect(await warningsOf(refusal)).toEqual([
    ["The api could not say which storage it works on. Another storage."],
  ]);
  const bug = new TypeError("x is not a function");
  expect(await warningsOf(bug)).toEqual([
    ["The api could not say which storage it works on.", { error: bug }],
  ]);
});
