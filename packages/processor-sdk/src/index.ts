export {
  type Accepts,
  type ArtifactOptions,
  type Context,
  defineProcessor,
  InputInvalidError,
  type Isolation,
  type Limits,
  type ParsedParams,
  type Processor,
  type ProcessorDefinition,
  type ProcessorInput,
  type ProcessorLog,
  TryLaterError,
} from "./define-processor.js";
export { type AttemptHost, MAX_ARTIFACTS, runAttempt, type WrittenArtifact } from "./run-attempt.js";
