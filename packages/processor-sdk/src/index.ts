export { type CommandDefinition, defineCommand, type ExitMeaning } from "./command-definition.js";
export { defineProcessor, InputInvalidError, TryLaterError } from "./define-processor.js";
export type {
  Accepts,
  ArtifactOptions,
  Context,
  Isolation,
  Limits,
  ParsedParams,
  Processor,
  ProcessorDefinition,
  ProcessorInput,
  ProcessorLog,
} from "./processor-types.js";
export { type AttemptHost, MAX_ARTIFACTS, runAttempt, type WrittenArtifact } from "./run-attempt.js";
