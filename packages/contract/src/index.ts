export { ERRORS, type ErrorCode, UNSHOWABLE } from "@drover/core";
export {
  ApiKey,
  ApiKeyList,
  ApiKeyWithSecret,
  CallerAnswer,
  CreateApiKey,
  CreateJobToken,
  JobToken,
  Scope,
} from "./access-routes.js";
export { AuditEntry, AuditList, DEFAULT_AUDIT_PAGE } from "./audit-routes.js";
export {
  Alert,
  AlertList,
  DrainAnswer,
  TrendSpan,
  Trends,
  TrendWindow,
  WorkerList,
  WorkerView,
} from "./desk-routes.js";
export { EventFilter, JobLogEvent, JobProgressEvent, JobStatusEvent } from "./event-schemas.js";
export { JobId, Params, Tags } from "./fields.js";
export {
  Artifact,
  CancelAnswer,
  DEFAULT_PAGE_SIZE,
  FailureCode,
  Job,
  JobFilter,
  JobList,
  JobLogs,
  JobQuery,
  JobRecord,
  JobStatus,
  MAX_WAIT_S,
  RetryBody,
  SubmitFields,
  SubmitForm,
  TimelineEvent,
} from "./job-schemas.js";
export { LegacyJobStatus, LegacyStatus, UploadAnswer } from "./legacy-routes.js";
export { LimitsAnswer, OwnLimits, TenantLimits, Usage } from "./limit-routes.js";
export { DurationSummary, JobStats, Scale, Stats, StatsWindow } from "./load-routes.js";
export { type OpenApiOptions, openApi } from "./openapi.js";
export {
  Dispatch,
  Health,
  Liveness,
  Processor,
  ProcessorAnswer,
  ProcessorChange,
  ProcessorList,
  Readiness,
} from "./operation-routes.js";
export { Problem } from "./problem-document.js";
export { type Answer, MAX_IDEMPOTENCY_KEY_LENGTH, type RequestBody, type Route } from "./route-parts.js";
export { decodeQuery, encodeQuery, pathOf, type RouteName, routes } from "./route-table.js";
export { type Open, reading } from "./tolerant-reader.js";
export {
  ChangeWebhook,
  CreateWebhook,
  Delivery,
  DeliveryList,
  JobWebhook,
  RotateSecret,
  Webhook,
  WebhookEvent,
  WebhookList,
  WebhookWithSecret,
} from "./webhook-schemas.js";
