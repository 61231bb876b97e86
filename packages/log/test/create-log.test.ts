import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import winston from "winston";
import { createLog } from "../src/index.js";

function logTo(format: "json" | "pretty") {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = createLog({
    source: "api",
    level: "info",
    format,
    transport: new winston.transports.Stream({ stream, eol: "\n" }),
  });
  return { log, lines: () => text.trim().split("\n") };
}

describe("the log", () => {
  it("is one JSON object a line, with the fields that apply", () => {
    const { log, lines } = logTo("json");
    log.warn("Refused", { request_id: "r", job_id: "j" });
    log.debug("Not shown");
    expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        timestamp: expect.any(String),
        level: "warn",
        source: "api",
        message: "Refused",
        request_id: "r",
        job_id: "j",
      },
    ]);
  });

  it("marks its lines for people", () => {
    const { log, lines } = logTo("pretty");
    log.info("Listening");
    log.warn("Odd");
    log.error("Broken", { error: new Error("why", { cause: new Error("because") }) });
    const text = lines().join("\n");
    for (const part of ["ℹ️", "⚠️", "❌", "why", "caused by", "because"]) expect(text).toContain(part);
  });
});
