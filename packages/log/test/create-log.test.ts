import { Writable } from "node:stream";
import { DomainError, type LogFields } from "@drover/core";
import { describe, expect, it } from "vitest";
import winston from "winston";
import { createLog, errorFields, rateLimited } from "../src/index.js";

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

describe("a rate-limited log", () => {
  it("passes each message on once in its interval, and tells how many it held back", () => {
    const { log, lines } = logTo("json");
    let now = 0;
    const limited = rateLimited(log, 10_000, () => now);
    const fields: LogFields = { job_id: "j" };
    for (now of [0, 5_000, 9_999]) limited.warn("Redis is away", fields);
    limited.warn("Another message");
    for (now of [10_000, 20_000]) limited.warn("Redis is away", fields);
    const told = lines().map((line) => JSON.parse(line));
    expect(told.map(({ message, held_back }) => [message, held_back])).toEqual([
      ["Redis is away", undefined],
      ["Another message", undefined],
      ["Redis is away", 2],
      ["Redis is away", undefined],
    ]);
    expect(told[2]).toMatchObject({ level: "warn", job_id: "j" });
  });
});

describe("an error as fields", () => {
  it("is a refusal's code and words, and of anything else the error itself", () => {
    const refusal = new DomainError("redis_unavailable", "Redis does not answer.");
    expect(errorFields(refusal)).toEqual({ code: "redis_unavailable", reason: "Redis does not answer." });
    const unexpected = new Error("boom");
    expect(errorFields(unexpected)).toEqual({ error: unexpected });
  });
});
