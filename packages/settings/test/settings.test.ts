import { SettingsError } from "@drover/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  DEFAULTS,
  describeSettings,
  type EnvironmentKey,
  misspeltSettings,
  parseSettings,
  trustedProxiesOf,
} from "../src/index.js";
import { settingsSchema } from "../src/settings-table.js";

const { shape } = settingsSchema;
/** Of each setting, what JSON Schema says about its values. */
const schemas = Object.entries(z.toJSONSchema(settingsSchema, { io: "output" }).properties ?? {}) as [
  keyof typeof shape,
  z.core.JSONSchema.JSONSchema,
][];
const quantities = schemas.flatMap(([name, { minimum, maximum }]) =>
  minimum === undefined || maximum === undefined ? [] : [{ name, minimum, maximum }],
);

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
    expect(settings).toEqual(Object.fromEntries(schemas.map(([name, schema]) => [name, schema.default])));
    expect(DEFAULTS).toEqual(settings);
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
    ["DROVER_TRUST_PROXY", "true"],
    ["DROVER_TRUST_PROXY", "-1"],
    ["DROVER_TRUST_PROXY", "1,10.0.0.0/8"],
    ["DROVER_TRUST_PROXY", "10.0.0.0/33"],
    ["DROVER_TRUST_PROXY", "proxy.example.org"],
  ])("%s=%s is a mistake that shows what is expected", (name, text) => {
    expect(mistakesOf({ [name]: text })).toEqual([expect.stringMatching(/: expected .+, as .+; got "/)]);
  });

  const KEY = "0123456789abcdef01234567";

  it("take keys between commas and blanks", () => {
    const spelt = `ops:submit+read+admin:${KEY}, acme:read:${KEY}~x==\n`;
    const keys: EnvironmentKey[] = [
      { tenant: "ops", scopes: ["submit", "read", "admin"], key: KEY },
      { tenant: "acme", scopes: ["read"], key: `${KEY}~x==` },
    ];
    expect(parseSettings({ DROVER_API_KEYS: spelt }).DROVER_API_KEYS).toEqual(keys);
    expect(z.encode(settingsSchema, { ...DEFAULTS, DROVER_API_KEYS: keys }).DROVER_API_KEYS).toBe(
      `ops:submit+read+admin:${KEY},acme:read:${KEY}~x==`,
    );
  });

  it.each([
    KEY,
    `acme:${KEY}`,
    `acme:read:${KEY.slice(1)}`,
    `acme:root:${KEY}`,
    `acme:read+read:${KEY}`,
    `acme::${KEY}`,
    `Acme:read:${KEY}`,
    `acme:read:${KEY}"`,
    `acme:read:${KEY},ops:admin:${KEY}`,
  ])("tell which key is wrong, and nothing of it: %s", (spelt) => {
    const [mistake, ...more] = mistakesOf({ DROVER_API_KEYS: `ok:read:${KEY}1 ${spelt}` });
    expect(more).toEqual([]);
    expect(mistake).toMatch(/DROVER_API_KEYS: expected .+; entry [23] is not\.$/);
    expect(mistake).not.toContain(KEY.slice(0, 6));
  });

  it.each(["two words", "clé"])("refuse an admin's key that no header can carry: %s", (key) => {
    const mistake = "  DROVER_ADMIN_KEY: expected printable ASCII without blanks, which a header can carry.";
    expect(mistakesOf({ DROVER_ADMIN_KEY: key })).toEqual([mistake]);
    expect(parseSettings({ DROVER_ADMIN_KEY: KEY }).DROVER_ADMIN_KEY).toBe(KEY);
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

  it.each([
    ["", []],
    ["0", 0],
    ["2", 2],
    ["loopback, 10.0.0.0/8,fd00::1", ["loopback", "10.0.0.0/8", "fd00::1"]],
  ])("trust the proxies of DROVER_TRUST_PROXY=%s", (text, proxies) => {
    expect(trustedProxiesOf(parseSettings({ DROVER_TRUST_PROXY: text }))).toEqual(proxies);
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
    expect(quantities.length).toBeGreaterThan(10);
    fc.assert(
      fc.property(
        fc.constantFrom(...quantities),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ name, minimum, maximum }, share) => {
          const value = minimum + Math.round(share * (maximum - minimum));
          expect(parseSettings({ [name]: z.encode(shape[name], value as never) })).toHaveProperty(
            name,
            value,
          );
        },
      ),
    );
    for (const { name, default: text } of describeSettings())
      expect(parseSettings({ [name]: text })).toEqual(DEFAULTS);
  });

  it("are printed as a person writes them", () => {
    expect(z.encode(shape.DROVER_RETENTION_COMPLETED, 7 * 86_400_000)).toBe("7d");
    expect(z.encode(shape.DROVER_MAX_UPLOAD_BYTES, 4 * 1024 ** 3)).toBe("4g");
    expect(z.encode(shape.DROVER_MAX_UPLOAD_BYTES, 1_000)).toBe("1000");
    expect(z.encode(shape.DROVER_DRAIN_TIMEOUT, 1_500)).toBe("1500ms");
    expect(z.encode(shape.DROVER_DRAIN_TIMEOUT, 0)).toBe("0");
    expect(z.encode(shape.DROVER_PROCESSORS, ["a", "b"])).toBe("a,b");
    expect(z.encode(shape.DROVER_ADMIN_KEY, undefined)).toBeUndefined();
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
    expect(() => z.encode(settingsSchema, DEFAULTS)).not.toThrow();
    expect(() => z.encode(shape.PORT, 65_536)).toThrow();
    const described = describeSettings();
    expect(described.map(({ name }) => name)).toEqual(Object.keys(shape));
    for (const { name, help } of described) expect(help, name).toMatch(/\.$/);
  });

  it("are described with their choices, and with nothing where there is no default", () => {
    const described = new Map(describeSettings().map((setting) => [setting.name, setting]));
    expect(described.get("LOG_FORMAT")).toEqual({
      name: "LOG_FORMAT",
      default: "json",
      reader: "both",
      help: "`json` for machines, `pretty` for a terminal. One of `json`, `pretty`.",
    });
    expect(described.get("DROVER_STORAGE")?.default).toBe("");
    expect(described.get("DROVER_HOSTS")?.default).toBe("");
    expect(described.get("DROVER_PROCESSORS")?.default).toMatch(/^@drover\/processor-[a-z-]+,@drover\//);
  });
});
