import { describe, expect } from "vitest";
import { queueTest } from "./queue-bench.js";

const it = queueTest();

describe("whose server it is", () => {
  it("has no mark at first, and gives the one mark to all who make one at once", async ({
    bench: { queue, other },
  }) => {
    expect(await queue.installation.read()).toBeUndefined();
    const marks = await Promise.all(["a", "b", "c", "d"].map((id) => queue.installation.create(id)));
    const [mark] = marks;
    expect(mark).toEqual({ state: "new", id: expect.stringMatching(/^[a-d]$/) });
    for (const each of [...marks, await other.installation.read()]) expect(each).toEqual(mark);
  });

  it("is bound once, whether it was marked before or not, and never to another id", async ({
    bench: { queue, other },
  }) => {
    expect(await queue.installation.create("a")).toEqual({ state: "new", id: "a" });
    expect(await queue.installation.bind("b")).toEqual({ state: "bound", id: "b" });
    expect(await other.installation.bind("c")).toEqual({ state: "bound", id: "b" });
    expect(await other.installation.create("d")).toEqual({ state: "bound", id: "b" });
    expect(await other.installation.read()).toEqual({ state: "bound", id: "b" });
  });

  it("says whether it knows any job", async ({ bench }) => {
    expect(await bench.queue.installation.hasJobs()).toBe(false);
    await bench.submit();
    expect(await bench.other.installation.hasJobs()).toBe(true);
  });

  it("shows the apis that live to every process, as they said last", async ({ bench: { queue, other } }) => {
    expect(await other.apis.read()).toEqual([]);
    await queue.apis.announce({ id: "api-1", unseenWorkers: [] });
    await queue.apis.announce({ id: "api-1", unseenWorkers: ["worker-1"] });
    expect(await other.apis.read()).toEqual([{ id: "api-1", unseenWorkers: ["worker-1"] }]);
    await other.apis.withdraw("api-1");
    expect(await queue.apis.read()).toEqual([]);
  });
});
