import { SettingsError } from "@drover/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { misspeltSettings, parseSettings, SETTINGS, type SettingInfo } from "../src/index.js";

const ENTRIES = Object.entries<SettingInfo>(SETTINGS);

/** The mistakes that an environment is refused for, one line each. */
function mistakesOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("settings", () => {
  it("are their defaults in an empty environment", () => {
    const settings = parseSettings({});
    expect(settings).toEqual(Object.fromEntries(ENTRIES.map(([name, setting]) => [name, setting.default])));
    expect(settings).toMatchObject({ PORT: 8000, HOST: "127.0.0.1", DROVER_DATA_DIR: ".drover" });
  });

  it("take an empty or blank variable as absent", () => {
    expect(parseSettings({ PORT: "", DROVER_ADMIN_KEY: "  " })).toMatchObject({
      PORT: 8000,
      DROVER_ADMIN_KEY: undefined,
    });
  });

  it.each([
    ["DROVER_CORS_ORIGINS", "*"],
    ["DROVER_CORS_ORIGINS", "null"],
    ["DROVER_CORS_ORIGINS", "localhost:5173"],
    ["DROVER_CORS_ORIGINS", "http://localhost:5173/"],
    ["DROVER_CORS_ORIGINS", "http://localhost:5173,http://localhost:99999"],
    ["DROVER_CORS_ORIGINS", "http://user@localhost"],
    ["DROVER_HOSTS", "https://drover.example.org"],
    ["DROVER_HOSTS", "drover.example.org:8000"],
  ])("%s=%s is a mistake that shows what is expected", (name, text) => {
    expect(mistakesOf({ [name]: text })).toEqual([expect.stringMatching(/: expected .+, as .+; got "/)]);
  });

  it("take lists of names and of origins", () => {
    expect(
      parseSettings({
        DROVER_HOSTS: "drover.example.org, api_1,*",
        DROVER_CORS_ORIGINS: "http://localhost:5173,https://app.example.org,http://[::1]:3000",
      }),
    ).toMatchObject({
      DROVER_HOSTS: ["drover.example.org", "api_1", "*"],
      DROVER_CORS_ORIGINS: ["http://localhost:5173", "https://app.example.org", "http://[::1]:3000"],
    });
  });

  it("are read by their kind", () => {
    expect(
      parseSettings({
        PORT: " 9000 ",
        HOST: "0.0.0.0",
        LOG_LEVEL: "warn",
        DROVER_PROCESSORS: "a, ./b.js ,,@c/d",
        DROVER_MAX_UPLOAD_BYTES: "500m",
        DROVER_DRAIN_TIMEOUT: "1.5s",
        DROVER_RETENTION_COMPLETED: "2D",
        DROVER_SWEEP_INTERVAL: "2500",
        DROVER_WORKER_PORT: "-1",
      }),
    ).toMatchObject({
      PORT: 9000,
      HOST: "0.0.0.0",
      LOG_LEVEL: "warn",
      DROVER_PROCESSORS: ["a", "./b.js", "@c/d"],
      DROVER_MAX_UPLOAD_BYTES: 500 * 1024 ** 2,
      DROVER_DRAIN_TIMEOUT: 1_500,
      DROVER_RETENTION_COMPLETED: 172_800_000,
      DROVER_SWEEP_INTERVAL: 2_500,
      DROVER_WORKER_PORT: -1,
    });
  });

  it("are refused with every mistake at once, each saying what was expected and what came", () => {
    const mistakes = mistakesOf({
      PORT: "eighty",
      LOG_LEVEL: "loud",
      LOG_FORMAT: "xml",
      DROVER_CONCURRENCY: "0",
      DROVER_MAX_UPLOAD_BYTES: "4 parsecs",
      DROVER_DRAIN_TIMEOUT: "soon",
      HOST: "fine",
    });
    expect(mistakes).toEqual([
      '  PORT: expected a whole number from 0 to 65535; got "eighty".',
      '  LOG_LEVEL: expected one of debug, info, warn, error; got "loud".',
      '  LOG_FORMAT: expected one of json, pretty; got "xml".',
      '  DROVER_MAX_UPLOAD_BYTES: expected a size (as 500m, 4g) from 1 to 1t; got "4 parsecs".',
      '  DROVER_CONCURRENCY: expected a whole number from 1 to 256; got "0".',
      expect.stringMatching(
        /^ {2}DROVER_DRAIN_TIMEOUT: expected a duration \(as 30s, 5m, 7d\) from 0 to 1d; got "soon"\.$/,
      ),
    ]);
  });

  it.each([
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "80.5"],
    ["PORT", "0x50"],
    ["PORT", "1e3"],
    ["PORT", "Infinity"],
    ["PORT", "80s"],
    ["DROVER_MAX_UPLOAD_BYTES", "0"],
    ["DROVER_MAX_UPLOAD_BYTES", "1025g"],
    ["DROVER_MAX_UPLOAD_BYTES", "1s"],
    ["DROVER_SWEEP_INTERVAL", "99"],
    ["DROVER_SWEEP_INTERVAL", "0.5ms"],
    ["DROVER_SWEEP_INTERVAL", "99999999999999999999"],
    ["LOG_LEVEL", "INFO"],
  ])("refuse %s=%s", (name, text) => {
    expect(mistakesOf({ [name]: text })).toEqual([expect.stringContaining(`${name}: expected `)]);
  });

  it("read back what they print", () => {
    const quantities = ENTRIES.filter(
      (entry): entry is [string, SettingInfo & { min: number; max: number }] => "min" in entry[1],
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...quantities),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (entry, share) => {
          const [name, setting] = entry;
          const value = setting.min + Math.round(share * (setting.max - setting.min));
          expect(parseSettings({ [name]: setting.format(value) })).toHaveProperty(name, value);
        },
      ),
    );
    for (const [name, setting] of ENTRIES) {
      const text = setting.format(setting.default);
      expect(parseSettings({ [name]: text })).toHaveProperty(name, setting.default);
    }
  });

  it("are printed as a person writes them", () => {
    expect(SETTINGS.DROVER_RETENTION_COMPLETED.format(7 * 86_400_000)).toBe("7d");
    expect(SETTINGS.DROVER_MAX_UPLOAD_BYTES.format(4 * 1024 ** 3)).toBe("4g");
    expect(SETTINGS.DROVER_DRAIN_TIMEOUT.format(1_500)).toBe("1500ms");
    expect(SETTINGS.DROVER_DRAIN_TIMEOUT.format(0)).toBe("0");
    expect(SETTINGS.DROVER_PROCESSORS.format(["a", "b"])).toBe("a,b");
    expect(SETTINGS.DROVER_ADMIN_KEY.format(undefined)).toBe("");
  });

  it("know a misspelt variable of theirs, and leave those of others alone", () => {
    const env = {
      DROVER_CONCURENCY: "4",
      DROVER_CONCURRENCY: "4",
      DROVE: "x",
      PATH: "/bin",
      DROVER_URL: "x",
    };
    expect(misspeltSettings(env)).toEqual([
      "DROVER_CONCURENCY is not a setting; did you mean DROVER_CONCURRENCY?",
    ]);
    expect(misspeltSettings({ DROVER_ULR: "", DROVER_RETENTION_COMPLETE: "", DROVER_COFFEE: "" })).toEqual([
      "DROVER_ULR is not a setting; did you mean DROVER_URL?",
      "DROVER_RETENTION_COMPLETE is not a setting; did you mean DROVER_RETENTION_COMPLETED?",
      "DROVER_COFFEE is not a setting; it is ignored.",
    ]);
  });

  it.each(["nonsense", "http://x", "redis://:secret@[bad", "redis://", "localhost:6379"])(
    "refuse %s as the address of a Redis, without repeating what can be a password",
    (text) => {
      expect(() => parseSettings({ REDIS_URL: text })).toThrow(
        /REDIS_URL: expected .* redis:\/\/ or rediss:\/\//,
      );
      expect(() => parseSettings({ REDIS_URL: text })).not.toThrow("secret");
    },
  );

  it.each(["redis://127.0.0.1:6379", "rediss://user:pass@redis.internal:6380/2", "redis://[::1]"])(
    "take %s",
    (text) => {
      expect(parseSettings({ REDIS_URL: text }).REDIS_URL).toBe(text);
    },
  );

  it("have a default within their own bounds, and a sentence that explains them", () => {
    for (const [name, setting] of ENTRIES) {
      if ("min" in setting) {
        expect(setting.default, name).toBeGreaterThanOrEqual(Number(setting.min));
        expect(setting.default, name).toBeLessThanOrEqual(Number(setting.max));
      }
      expect(setting.help, name).toMatch(/\.$/);
    }
  });
});
