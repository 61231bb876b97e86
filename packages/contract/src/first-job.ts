/** Where a first job is sent, and as what. */
export interface FirstJobOptions {
  /** Of the server, without a slash at its end. */
  readonly baseUrl: string;
  readonly processor: string;
  /** Of the file that is made for it. */
  readonly filename: string;
}

/** A program that submits a file, waits for its job and fetches what it made. Reads a key from DROVER_API_KEY. */
export interface FirstJob {
  readonly title: string;
  /** As Markdown marks a block of it. */
  readonly language: "sh" | "ts" | "python";
  readonly code: string;
}

/** The first job of a reader, in each language; each is whole and can be run as it stands. */
export function firstJobs(options: FirstJobOptions): readonly FirstJob[] {
  return [
    { title: "curl", language: "sh", code: withCurl(options) },
    { title: "TypeScript (`npm install @drover/client`)", language: "ts", code: withTypeScript(options) },
    { title: "Python, its standard library only", language: "python", code: withPython(options) },
  ];
}

function withCurl({ baseUrl, processor, filename }: FirstJobOptions): string {
  return `URL=${baseUrl}
AUTH="Authorization: Bearer $DROVER_API_KEY"
printf 'hello\\n' > ${filename}

# Upload a file. The answer is the job; "Prefer: wait=30" holds it until the job has ended, for 30 s at most.
curl -sS -H "$AUTH" -H 'Prefer: wait=30' -F file=@${filename} "$URL/api/processors/${processor}/jobs" | tee job.json
JOB=$(sed 's/.*"job_id":"\\([^"]*\\)".*/\\1/' job.json)

# A job that takes longer: ask again. Each answer is held until the status changes, for 60 s at most.
curl -sS -H "$AUTH" "$URL/api/jobs/$JOB?wait=60"

# What it made.
curl -sS -H "$AUTH" "$URL/api/jobs/$JOB/download"`;
}

function withTypeScript({ baseUrl, processor, filename }: FirstJobOptions): string {
  return `import { createClient } from "@drover/client";

const client = createClient({ baseUrl: "${baseUrl}", apiKey: process.env.DROVER_API_KEY ?? "" });
const { job_id } = await client.submit("${processor}", new File(["hello\\n"], "${filename}"));
const job = await client.wait(job_id, { onUpdate: ({ status, progress }) => console.log(status, progress) });
if (job.status === "completed") {
  const { filename, body } = await client.download(job_id);
  console.log(filename, await new Response(body).text());
} else {
  console.error(job.error?.message ?? job.status);
}`;
}

function withPython({ baseUrl, processor, filename }: FirstJobOptions): string {
  return `import json, os, urllib.request, uuid

URL = "${baseUrl}"
KEY = os.environ.get("DROVER_API_KEY", "")


def call(path, body=None, headers={}):
    headers = {"Authorization": f"Bearer {KEY}", **headers}
    return urllib.request.urlopen(urllib.request.Request(URL + path, body, headers))


boundary = uuid.uuid4().hex
form = (
    f"--{boundary}\\r\\n"
    'Content-Disposition: form-data; name="file"; filename="${filename}"\\r\\n\\r\\n'
    "hello\\n"
    f"\\r\\n--{boundary}--\\r\\n"
)
form_type = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
job = json.load(call("/api/processors/${processor}/jobs", form.encode(), form_type))
while job["completed_at"] is None:
    job = json.load(call(f"/api/jobs/{job['job_id']}?wait=30"))
    print(job["status"], job["progress"])
if job["status"] == "completed":
    print(call(f"/api/jobs/{job['job_id']}/download").read().decode())
else:
    print(job["error"] and job["error"]["message"])`;
}
