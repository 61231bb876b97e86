import { DATE_ORDERS, type DateOrder } from "../../time/date-order.js";
import { DATE, INSTANT, kindOf, NO_YEAR, unpackTime } from "../load/packed-time.js";
import { isDateTheOtherWay, MIXED } from "./resolve-times.js";

/**
 * Two dates of a log in which day and month are mixed: one that can only be read in the log's order, and one that
 * can only be read the other way round. `undefined` when there are not both.
 * @param faults by row, as `resolveTimes` gives them.
 */
export function mixedDates(
  times: Float64Array,
  faults: Uint8Array,
  order: DateOrder,
): readonly [string, string] | undefined {
  const first = faults.indexOf(MIXED);
  if (first < 0) return undefined;
  const number = DATE_ORDERS.indexOf(order);
  const parts = new Int32Array(4);
  const other = times.findIndex((packed) => {
    const kind = kindOf(packed);
    if (kind === DATE || kind === NO_YEAR || kind === INSTANT) return false;
    unpackTime(packed, parts);
    return !isDateTheOtherWay(number, kind, parts);
  });
  return other < 0 ? undefined : [dateText(times[other] as number), dateText(times[first] as number)];
}

/** The three numbers of a packed date as a log shows them, between slashes. */
function dateText(packed: number): string {
  const parts = new Int32Array(4);
  unpackTime(packed, parts);
  const [a, b, c] = [...parts].map((part) => (part >= 100 && part < 1000 ? part - 100 : part));
  const two = (value = 0) => String(value).padStart(2, "0");
  return `${two(a)}/${two(b)}/${two(c)}`;
}
