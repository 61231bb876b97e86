export { JobId, Params, Tags } from "./fields.js";
export { Health, Liveness, Readiness } from "./health.js";
export {
  Artifact,
  CancelAnswer,
  FailureCode,
  Job,
  JobFilter,
  JobList,
  JobLogs,
  JobQuery,
  JobStatus,
  RetryBody,
  SubmitFields,
  SubmitForm,
  TimelineEvent,
} from "./job.js";
export { LegacyJobStatus, LegacyStatus, UploadAnswer } from "./legacy.js";
export { type OpenApiOptions, openApi } from "./openapi.js";
export { PROBLEM_STATUS, Problem, type ProblemCode } from "./problem.js";
export { Processor, ProcessorList } from "./processor.js";
export { decodeQuery, encodeQuery } from "./query.js";
export { type Open, reading } from "./reading.js";
export { type Answer, pathOf, type RequestBody, type Route } from "./route.js";
export { type RouteName, routes } from "./routes.js";
