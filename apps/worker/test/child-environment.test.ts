import { parseSettings } from "@drover/settings";
import { expect, it } from "vitest";
import { childEnvironment } from "../src/child-environment.js";

const WORKER = {
  PATH: "/bin",
  LC_ALL: "C",
  OTEL_SERVICE_NAME: "drover",
  OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=secret",
  NODE_AUTH_TOKEN: "secret",
  AWS_SECRET_ACCESS_KEY: "secret",
  REDIS_URL: "redis://:secret@127.0.0.1",
  DROVER_ADMIN_KEY: "secret",
  DROVER_ANYTHING_NEW: "secret",
  TESSDATA_PREFIX: "/usr/share/tessdata",
};

it("a child gets what programs need, and nothing else unless it is named", () => {
  expect(childEnvironment(WORKER, [])).toEqual({ PATH: "/bin", LC_ALL: "C", OTEL_SERVICE_NAME: "drover" });
});

it("a child gets variables that are named, whole or by their beginning", () => {
  expect(childEnvironment(WORKER, ["TESS*", "OTEL_EXPORTER_OTLP_HEADERS"])).toEqual({
    ...childEnvironment(WORKER, []),
    TESSDATA_PREFIX: "/usr/share/tessdata",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
  });
});

it("a child never gets what is Drover's own, whatever is named", () => {
  const named = ["REDIS_URL", "REDIS*", "DROVER_ADMIN_KEY", "D*"];
  expect(childEnvironment(WORKER, named)).toEqual(childEnvironment(WORKER, []));
});

it.each(["REDIS_URL", "DROVER_ADMIN_KEY", "DROVER_*", "*", "A=b"])(
  "DROVER_CHILD_ENV=%s is refused",
  (text) => {
    expect(() => parseSettings({ DROVER_CHILD_ENV: text })).toThrow(
      /DROVER_CHILD_ENV: expected names of var/,
    );
  },
);
