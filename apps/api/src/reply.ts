import type { Artifact, LogFields } from "@drover/core";

/** What a handler answers, without a word of the framework. */
export type Reply =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Further fields of the request's line in the log. */
      readonly noted?: LogFields;
    }
  | { readonly kind: "empty"; readonly status: 204 }
  /** The bytes of an artifact; ranges and conditions are the sender's business. */
  | { readonly kind: "artifact"; readonly artifact: Artifact };

/** A 200 with a JSON body. */
export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { kind: "json", status: 200, body, headers };
}
