import type { Redis } from "ioredis";

/** What a Redis has used and done since it started. */
export interface RedisUse {
  readonly memoryBytes: number;
  /** User and system. */
  readonly cpuMs: number;
  /** Commands by name, those of scripts too: calls, and time in them in ms. */
  readonly commands: ReadonlyMap<string, { readonly calls: number; readonly ms: number }>;
}

export async function redisUse(client: Redis): Promise<RedisUse> {
  const text = await client.info("everything");
  const number = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(text)?.[1]);
  const commands = new Map<string, { calls: number; ms: number }>();
  for (const [, name = "", calls, usec] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm))
    commands.set(name, { calls: Number(calls), ms: Number(usec) / 1_000 });
  const cpuMs = (number("used_cpu_user") + number("used_cpu_sys")) * 1_000;
  return { memoryBytes: number("used_memory"), cpuMs, commands };
}

/** How often a command was called between two looks, and the time in it, in ms; of all commands without a name. */
export function callsBetween(
  before: RedisUse,
  after: RedisUse,
  name?: string,
): { readonly calls: number; readonly ms: number } {
  const sum = { calls: 0, ms: 0 };
  for (const [command, { calls, ms }] of after.commands) {
    if (name !== undefined && command !== name) continue;
    const earlier = before.commands.get(command);
    sum.calls += calls - (earlier?.calls ?? 0);
    sum.ms += ms - (earlier?.ms ?? 0);
  }
  return sum;
}

/** Starts anew to look for what holds Redis for longer than 100 µs. */
export async function watchSlow(client: Redis): Promise<void> {
  await client.config("SET", "slowlog-log-slower-than", "100");
  await client.config("SET", "slowlog-max-len", "2000");
  await client.slowlog("RESET");
}

/** What held Redis longest since `watchSlow`, in ms, with what it was. */
export async function slowest(client: Redis): Promise<{ readonly ms: number; readonly what: string }> {
  const entries = (await client.slowlog("GET", 2_000)) as [number, number, number, string[]][];
  let longest = { ms: 0, what: "nothing over 0.1 ms" };
  for (const [, , usec, args] of entries) {
    if (/^(info|slowlog|config|keys|memory)$/i.test(args[0] ?? "")) continue; // the benchmark's own
    if (usec / 1_000 > longest.ms)
      longest = { ms: usec / 1_000, what: args.slice(0, 4).join(" ").slice(0, 60) };
  }
  return longest;
}
