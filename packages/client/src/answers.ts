import type * as contract from "@drover/contract";
import type { Open } from "@drover/contract";

/** A job as a client reads it: its status, codes and reasons may be words that this version does not know. */
export type Job = Open<contract.Job>;
export type JobList = Open<contract.JobList>;
export type JobLogs = Open<contract.JobLogs>;
export type Artifact = Open<contract.Artifact>;
export type Processor = Open<contract.Processor>;
