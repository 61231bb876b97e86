import * as z from "zod";

/**
 * What a client may meet where the contract of today lists words: the words it knows, or another one. Editors
 * still propose the known ones, and a comparison with one of them still narrows.
 */
export type Open<T> = T extends string
  ? string extends T
    ? T
    : T | (string & {})
  : T extends object
    ? { [K in keyof T]: Open<T[K]> }
    : T;

/**
 * The schema to read an answer with, made from the one that the server writes it by: any text where that
 * lists words or a format, any number where it has bounds, and members that it does not name are kept. A
 * client built today so reads what a server of tomorrow says; what is left to refuse is an answer of another
 * shape, where a member is missing or of another type.
 */
export function reading<S extends z.ZodType>(schema: S): z.ZodType<Open<z.output<S>>> {
  return loose(schema) as z.ZodType<Open<z.output<S>>>; // the same shape, member by member
}

function loose(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const members = Object.entries(schema.shape).map(([name, member]) => [name, loose(member)]);
    return z.looseObject(Object.fromEntries(members));
  }
  if (schema instanceof z.ZodArray) return z.array(loose(schema.element));
  if (schema instanceof z.ZodRecord) return z.record(z.string(), loose(schema.valueType));
  if (schema instanceof z.ZodNullable) return loose(schema.unwrap()).nullable();
  if (schema instanceof z.ZodOptional) return loose(schema.unwrap()).optional();
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return z.string();
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return z.string(); // ours are all text
  if (schema instanceof z.ZodNumber) return z.number();
  if (schema instanceof z.ZodBoolean) return z.boolean();
  if (schema instanceof z.ZodUnknown) return z.unknown();
  throw new TypeError(`No way to read ${schema._zod.def.type} is known.`);
}
