import type { SharedColumn } from "../load/tuple-interner.js";

/**
 * The kept rows in ascending time. Rows of the same second stay as they happened: a log that is newest first
 * is turned round.
 * @param dropped 1 for rows to leave out.
 */
export function orderByTime(instants: SharedColumn, dropped: Uint8Array): SharedColumn {
  let kept = 0;
  for (let row = 0; row < dropped.length; row++) kept += dropped[row] === 0 ? 1 : 0;
  const order = new Uint32Array(new SharedArrayBuffer(kept * 4));
  const isNewestFirst = fallsMoreThanRises(instants, dropped);
  let at = isNewestFirst ? kept - 1 : 0;
  for (let row = 0; row < dropped.length; row++) {
    if (dropped[row] !== 0) continue;
    order[at] = row;
    at += isNewestFirst ? -1 : 1;
  }
  if (!isAscending(order, instants)) radixSort(order, instants);
  return order;
}

function fallsMoreThanRises(instants: SharedColumn, dropped: Uint8Array): boolean {
  let balance = 0;
  let before = -1;
  for (let row = 0; row < instants.length; row++) {
    if (dropped[row] !== 0) continue;
    const instant = instants[row] as number;
    if (before >= 0 && instant !== before) balance += instant < before ? 1 : -1;
    before = instant;
  }
  return balance >= 0;
}

function isAscending(order: Uint32Array, keys: Uint32Array): boolean {
  for (let i = 1; i < order.length; i++) {
    if ((keys[order[i] as number] as number) < (keys[order[i - 1] as number] as number)) return false;
  }
  return true;
}

const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;

/** Stable sort of numbers by their 32-bit keys, ascending; three passes of 11 bits. */
export function radixSort(order: Uint32Array, keys: Uint32Array): void {
  let from = order;
  let to: Uint32Array = new Uint32Array(order.length);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    const ends = new Uint32Array(RADIX + 1);
    for (let i = 0; i < from.length; i++) {
      (ends[(((keys[from[i] as number] as number) >>> shift) & (RADIX - 1)) + 1] as number)++;
    }
    for (let digit = 0; digit < RADIX; digit++) (ends[digit + 1] as number) += ends[digit] as number;
    for (let i = 0; i < from.length; i++) {
      const row = from[i] as number;
      const digit = ((keys[row] as number) >>> shift) & (RADIX - 1);
      to[(ends[digit] as number)++] = row;
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from);
}
