import { describe, expect, it } from "vitest";
import { signal, waitFor } from "../src/index.js";

describe("waitFor", () => {
  it("answers the first truthy value of its condition", async () => {
    let asked = 0;
    expect(await waitFor(() => (++asked === 4 ? "here" : undefined))).toBe("here");
    expect(asked).toBe(4);
  });

  it("takes an error of the condition as not yet", async () => {
    let asked = 0;
    const condition = async () => {
      if (++asked < 3) throw new Error("not yet");
      return asked;
    };
    expect(await waitFor(condition)).toBe(3);
  });

  it("gives up at its deadline, saying what it waited for and what went wrong last", async () => {
    const cause = new Error("still broken");
    const waiting = waitFor(
      () => {
        throw cause;
      },
      { deadlineMs: 20, what: "the moon" },
    );
    await expect(waiting).rejects.toMatchObject({ message: "Waited 20 ms in vain for the moon.", cause });
  });

  it("asks at least once, whatever the deadline", async () => {
    expect(await waitFor(() => "now", { deadlineMs: 0 })).toBe("now");
  });
});

describe("a signal", () => {
  it("settles once, as it is told", async () => {
    const good = signal<number>();
    good.resolve(1);
    good.resolve(2);
    expect(await good.promise).toBe(1);
    const bad = signal();
    bad.reject(new Error("no"));
    await expect(bad.promise).rejects.toThrow("no");
  });
});
