export { type AttemptHost, MAX_ARTIFACTS, runAttempt, type WrittenArtifact } from "./attempt.js";
export { InputInvalidError, TryLaterError } from "./errors.js";
export {
  type Accepts,
  type ArtifactOptions,
  type Context,
  defineProcessor,
  type Isolation,
  type Limits,
  type ParsedParams,
  type Processor,
  type ProcessorDefinition,
  type ProcessorInput,
  type ProcessorLog,
} from "./processor.js";
