import type { Redis } from "ioredis";
import type { Figure } from "./print.js";

const SAMPLES = 200;

/**
 * What a kept job takes in Redis, and what that is made of.
 * @param totalBytes by which Redis grew with all of them.
 * @param ids of kept jobs.
 */
export async function memoryOf(
  client: Redis,
  ids: readonly string[],
  totalBytes: number,
): Promise<readonly Figure[]> {
  const step = Math.max(1, Math.floor(ids.length / SAMPLES));
  const samples = ids.filter((_, i) => i % step === 0);
  const names = await client.keys("*");
  const parts = new Map<string, number>();
  for (const id of samples) {
    for (const key of names.filter((name) => name.includes(id))) {
      const part = key.replace(id, "<job>");
      parts.set(part, (parts.get(part) ?? 0) + (await usage(client, key)) / samples.length);
    }
  }
  for (const key of names.filter((name) => !/[0-9a-f]{8}-[0-9a-f]{4}-/.test(name))) {
    if ((await client.type(key)) === "stream") continue;
    const bytes = (await usage(client, key)) / ids.length;
    if (bytes >= 1) parts.set(key, bytes);
  }
  const eachBytes = totalBytes / ids.length;
  const rest = eachBytes - [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
  parts.set("tables of keys and of their expiry", rest);
  const figure = (name: string, bytes: number): Figure => ({
    name,
    value: `${bytes.toFixed(0)} B`,
    data: { bytes },
  });
  const total = figure(`Redis memory of a kept job, of ${ids.length.toLocaleString("en")}`, eachBytes);
  return [
    total,
    ...[...parts].sort(([, a], [, b]) => b - a).map(([part, bytes]) => figure(`  ${part}`, bytes)),
  ];
}

async function usage(client: Redis, key: string): Promise<number> {
  return Number(await client.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
}
