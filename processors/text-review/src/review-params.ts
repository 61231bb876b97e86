import { z } from "zod";
import { RULES, SEVERITIES } from "./rules/rule-names.js";

const term = z.strictObject({
  term: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .describe(
      "A word or a phrase; found as whole words, in any case, with any white space between its words",
    ),
  message: z.string().max(300).optional().describe("What the person is told. Default: a general sentence"),
  replacement: z.string().max(100).optional().describe("What to write instead. Default: nothing is proposed"),
  severity: z.enum(SEVERITIES).default("warning"),
});

/** The params of `text-review`. None is needed. */
export const paramsSchema = z.strictObject({
  language: z
    .enum(["auto", "en", "en-gb", "pt", "pt-br"])
    .default("auto")
    .describe(
      "en: American, en-gb: British English; pt: European, pt-br: Brazilian Portuguese; auto: detected, " +
        "and of the two spellings the one whose dictionary knows more of the text's words",
    ),
  terms: z
    .array(term)
    .max(200)
    .default([])
    .describe("Terms of your own to report, under the rule `term`; they go before the built-in lists"),
  ignore: z
    .array(z.string().trim().min(1).max(100))
    .max(300)
    .default([])
    .describe("Words that are spelt correctly, in any case: names, terms of the field"),
  rules: z
    .array(z.enum(RULES))
    .min(1)
    .max(RULES.length)
    .default([...RULES])
    .describe("The rules to apply. Default: all"),
  max_suggestions: z
    .int()
    .min(1)
    .max(20_000)
    .default(5_000)
    .describe(
      "How many suggestions the artifacts hold, from the start of the text; further ones are counted only",
    ),
});

export type Params = z.infer<typeof paramsSchema>;
