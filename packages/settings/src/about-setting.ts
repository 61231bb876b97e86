import { z } from "zod";

/** What a setting is, beside its values. */
export interface AboutSetting {
  /** Which process reads it. */
  readonly reader: "api" | "worker" | "both";
  /** Sentences for people, in Markdown. */
  readonly help: string;
}

/** Who reads each setting, and what for. */
export const ABOUT = z.registry<AboutSetting>();
