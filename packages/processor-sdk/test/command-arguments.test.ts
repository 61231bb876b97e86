import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argumentsOf, readArguments } from "../src/command-arguments.js";
import { InputInvalidError } from "../src/index.js";

const VALUES = {
  ...{ input: "/w/input", output: "/w/out", scratch: "/w/scratch" },
  ...{ filename: "a b.txt", media_type: "text/plain" },
};
const NAMES = ["width", "flag", "text", "list"];
const made = (args: readonly (string | readonly string[])[], params: unknown = {}) =>
  argumentsOf(readArguments("p", args, NAMES), { ...VALUES, params });

describe("arguments of a command", () => {
  it.each([
    [["{input}", "-o", "{output}/x.png"], {}, ["/w/input", "-o", "/w/out/x.png"]],
    [["{filename}", "{media_type}"], {}, ["a b.txt", "text/plain"]],
    [["--width={params.width}x"], { width: 200 }, ["--width=200x"]],
    [["{params.width}"], { width: -5 }, ["-5"]],
    [["{params}"], { list: [1] }, ['{"list":[1]}']],
    [["{params.list}"], { list: ["a"] }, ['["a"]']],
    [["{params.list.1}"], { list: ["a", "b"] }, ["b"]],
    [["a {{literal}"], {}, ["a {literal}"]],
    [["{params.flag?--verbose}"], { flag: true }, ["--verbose"]],
    [["{params.flag?--verbose}"], { flag: false }, []],
    [["-a", "--width={params.width}"], {}, ["-a"]],
    [["-a", ["-w", "{params.width}"]], {}, ["-a"]],
    [[["-w", "{params.width}"]], { width: 1 }, ["-w", "1"]],
    [[""], {}, [""]],
  ])("%j with %j are %j", (args, params, expected) => {
    expect(made(args, params)).toEqual(expected);
  });

  it("never become an option by what a client sent, except after --", () => {
    expect(() => made(["{params.text}"], { text: "-rf" })).toThrow(InputInvalidError);
    expect(() => made(["{params.text}"], { text: "-rf" })).toThrow('params.text may not begin with "-"');
    expect(made(["--", "{params.text}"], { text: "-rf" })).toEqual(["--", "-rf"]);
    expect(made(["--text={params.text}"], { text: "-rf" })).toEqual(["--text=-rf"]);
  });

  it.each(["{inptu}", "{params.widht}", "{params.}", "{", "{}", "{params.constructor}"])(
    "with the placeholder %s are refused, and it is said which there are",
    (text) => {
      expect(() => made([text])).toThrow(/^Processor p: there is no placeholder \{.*\{params\.width\}/);
    },
  );

  it("carry any text of a client as it is, in one argument", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(made(["x{params.text}y"], { text })).toEqual([`x${text}y`]);
      }),
    );
  });
});
