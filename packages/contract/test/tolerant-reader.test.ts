import { expect, test } from "vitest";
import { CancelAnswer, type Open, type Route, reading, routes } from "../src/index.js";

test("every answer of the table has a schema to read it with", () => {
  for (const route of Object.values<Route>(routes)) {
    for (const { schema } of Object.values(route.answers)) {
      if (schema !== undefined) expect(() => reading(schema)).not.toThrow();
    }
  }
});

test("a reader keeps words and members that are new, a writer refuses the words", () => {
  const later = { job_id: "x", status: "vanishing", soon: true };
  expect(CancelAnswer.safeParse(later).success).toBe(false);
  const read = reading(CancelAnswer).parse(later);
  expect(read).toEqual(later);
  const status: string = read.status;
  const known: Open<"a" | "b"> = "c"; // compiles: the list is open
  expect([status, known]).toEqual(["vanishing", "c"]);
});

test("an answer of another shape is refused by readers too", () => {
  expect(reading(CancelAnswer).safeParse({ job_id: "x" }).success).toBe(false);
  expect(reading(CancelAnswer).safeParse({ job_id: "x", status: 5 }).success).toBe(false);
  expect(reading(CancelAnswer).safeParse(null).success).toBe(false);
});
