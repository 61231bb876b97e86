import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/** Users of `deploy/redis/users.acl`. */
export type RedisUser = "drover-api" | "drover-worker";

/** The users of `deploy/redis/users.acl`, with one random password. */
export interface RedisUsers {
  /** Lines of an ACL file, the default user's left out: the tests look into Redis as that one. */
  readonly lines: readonly string[];
  /** The address as this user; it must name the Redis that has the lines. */
  urlFor(user: RedisUser, url: string): string;
}

/** Makes them as an operator does: with the digest of a password in the place of the word that stands there. */
export function redisUsers(): RedisUsers {
  const password = randomBytes(24).toString("hex");
  return {
    lines: aclFile(password)
      .split("\n")
      .filter((line) => /^user (?!default )/.test(line)),
    urlFor(user, url) {
      const own = new URL(url);
      own.username = user;
      own.password = password;
      return own.href;
    },
  };
}

/** Text of `deploy/redis/users.acl` for a password. */
export function aclFile(password: string): string {
  const text = readFileSync(new URL("../../../deploy/redis/users.acl", import.meta.url), "utf8");
  return text.replaceAll("SHA256_OF_THE_PASSWORD", createHash("sha256").update(password).digest("hex"));
}
