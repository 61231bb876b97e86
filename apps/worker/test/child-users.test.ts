import { describe, expect, it } from "vitest";
import { ChildUsers } from "../src/children/child-users.js";
import { recordingLog } from "./test-attempt.js";

const FIRST = { uid: 64_001, count: 3, gid: 64_001, home: "/", launcher: [] };

describe("users of child processes", () => {
  it("are another for each process that lives, the longest unused first", () => {
    const users = new ChildUsers(FIRST, recordingLog());
    const [a, b] = [users.take(), users.take()];
    users.giveBack(a);
    expect([a.uid, b.uid, users.take().uid, users.take().uid]).toEqual([64_001, 64_002, 64_003, 64_001]);
  });

  it("are shared when there are too few, which is said once", () => {
    const log = recordingLog();
    const users = new ChildUsers(FIRST, log);
    const uids = Array.from({ length: 7 }, () => users.take().uid);
    expect(uids).toEqual([64_001, 64_002, 64_003, 64_001, 64_002, 64_003, 64_001]);
    expect(log.entries.filter(({ message }) => message.includes("DROVER_CHILD_USER"))).toHaveLength(1);
  });

  it("are all the same one when one is named, which is no surprise", () => {
    const log = recordingLog();
    const users = new ChildUsers({ ...FIRST, count: 1 }, log);
    expect([users.take().uid, users.take().uid]).toEqual([64_001, 64_001]);
    expect(log.entries).toEqual([]);
  });
});
