export { inRemoteContext } from "./remote-context.js";
export {
  flushSpans,
  inServerSpan,
  inSpan,
  type OpenSpan,
  type ServerSpanOptions,
  type SpanOptions,
} from "./span.js";
