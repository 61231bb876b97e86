import { firstJobs } from "./first-job.js";
import { acceptedBy, type DocumentedProcessor } from "./openapi-processors.js";
import { exampleOf } from "./problem-examples.js";

/** What the introduction speaks of. */
export interface IntroductionOptions {
  /** Of the server, without a slash at its end. */
  readonly baseUrl: string;
  readonly processors: readonly DocumentedProcessor[];
}

/** What comes before the operations, as Markdown: what this is, keys, a first job, how jobs go, refusals. */
export function introduction({ baseUrl, processors }: IntroductionOptions): string {
  return [
    `Upload a file, get the id of a job at once, follow the job, fetch what it made. Jobs survive crashes and
restarts of this server: what was answered with 202 is not lost.`,
    ...(processors.length === 0 ? [] : ["## What this server does", processorList(processors)]),
    `## Keys

Send a key with each request, as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`; never in an address. Whoever
runs this server makes keys with \`drover keys create\`; on its own machine it asks for none until there is one. What a
browser opens without headers of its own, an \`EventSource\` or a link, takes a token of one job: \`?token=\`, made by
\`POST /api/jobs/{job_id}/tokens\`.`,
    `## A first job

Each of these is whole; where a key is needed, it is read from \`DROVER_API_KEY\`.`,
    ...firstJobs({ baseUrl, ...exampleFor(processors) }).map(
      ({ title, language, code }) => `### ${title}\n\n\`\`\`${language}\n${code}\n\`\`\``,
    ),
    `## How a job goes

\`queued\`, \`running\`, then \`completed\`, \`failed\` or \`cancelled\`, which it stays; a job that waits for another attempt is
\`queued\`. To see it end, hold a read open with \`?wait=30\`, follow \`GET /api/jobs/{job_id}/events\` (server-sent events),
or register a webhook. An \`Idempotency-Key\` makes repeated submits one job.`,
    `## Refusals

Every answer that is no success is a problem document (RFC 9457, \`application/problem+json\`). \`code\` is for programs and
does not change, \`detail\` is for people, \`request_id\` finds the request in the server's log. Answers with 429 and 503
carry \`Retry-After\`. Each operation below has its codes, with an example of each.

\`\`\`json
${JSON.stringify(exampleOf("invalid_params"), null, 2)}
\`\`\``,
  ].join("\n\n");
}

function processorList(processors: readonly DocumentedProcessor[]): string {
  return processors
    .map((processor) => `- **${processor.name}**: ${processor.description} ${acceptedBy(processor)}`)
    .join("\n");
}

/** A processor that takes a text, and a name for that text: `checksum`, which takes anything, where it is served. */
function exampleFor(processors: readonly DocumentedProcessor[]) {
  const takesText = ({ accepts }: DocumentedProcessor) =>
    accepts === undefined || accepts.extensions.length === 0 || accepts.extensions.includes(".txt");
  const found =
    processors.find(({ name }) => name === "checksum") ?? processors.find(takesText) ?? processors[0];
  const isText = found === undefined || takesText(found);
  return {
    processor: found?.name ?? "checksum",
    filename: `hello${isText ? ".txt" : (found.accepts?.extensions[0] ?? ".txt")}`,
  };
}
