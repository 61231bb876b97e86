import type { Redis } from "ioredis";

type Damage = (redis: Redis, hash: string) => Promise<unknown>;

const field =
  (name: string, value: string): Damage =>
  (redis, hash) =>
    redis.hset(hash, name, value);

/** The data with members of another kind. */
const changed =
  (changes: Readonly<Record<string, unknown>>): Damage =>
  async (redis, hash) => {
    const data = JSON.parse((await redis.hget(hash, "data")) ?? "{}") as object;
    await redis.hset(hash, "data", JSON.stringify({ ...data, ...changes }));
  };

/** Ways in which the record of a job in Redis can be damaged, each to be done to its hash. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  "data that is not JSON": field("data", "{oops"),
  "data that is a list": field("data", "[]"),
  "empty data": field("data", ""),
  "no data": (redis, hash) => redis.hdel(hash, "data"),
  "no input": changed({ input: undefined }),
  "an input outside the store": changed({
    input: { key: "../../etc/x", filename: "x", sizeBytes: 1, mediaType: "a/b", sha256: "" },
  }),
  "params that are a text": changed({ params: "x" }),
  "a priority that is a text and no time": changed({ priority: "high", createdAt: "soon" }),
  "a time of import that is a text": changed({ importedAt: "then" }),
  "a time past all calendars": changed({ createdAt: 1e300 }),
  "no options": (redis, hash) => redis.hdel(hash, "opts"),
  "options that are not JSON": field("opts", "nope"),
  "progress that is not JSON": field("progress", "half"),
  "a negative count of attempts": field("ats", "-3"),
  "a count of attempts that is a text": field("ats", "many"),
  "a count of lost workers that is a text": field("stc", "NaN"),
  "a parent that is not JSON": field("parent", "{"),
  "a string in the place of the hash": async (redis, hash) => {
    await redis.del(hash);
    await redis.set(hash, "not a hash");
  },
  "a list in the place of the hash": async (redis, hash) => {
    await redis.del(hash);
    await redis.rpush(hash, "not", "a", "hash");
  },
};
