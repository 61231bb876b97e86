import type { CallerAnswer } from "@drover/contract";
import { type Handler, ok } from "../http/handler.js";

export const getCaller: Handler<"getCaller"> = async ({ caller }) => {
  const { tenant, scopes, keyId } = caller;
  const answer: CallerAnswer = { tenant, scopes: [...scopes], key_id: keyId };
  return ok(answer, { "Cache-Control": "no-store" });
};
