import { expect, it } from "vitest";
import { visible } from "../src/show.js";

it("a line with what others wrote cannot steer a terminal, nor become two lines", () => {
  const line = visible("bad \u001b[31m red \u0007 \r\n \u202e gpj.exe é 日本");
  expect(line).toBe("bad \\u001b[31m red \\u0007 \\u000d\\u000a \\u202e gpj.exe é 日本");
});
