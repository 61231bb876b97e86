import { type Client, createClient, type Job, type RunUpdate } from "@drover/client";
import { type ElementParts, make, makeParts } from "./element-parts.js";
import { percentOf, sizeText, textOf } from "./job-text.js";

/** What the element tells its page; each is a `CustomEvent` that bubbles. */
export interface DroverUploadEvents {
  /** The job was made. */
  readonly "drover-submit": CustomEvent<{ readonly job: Job }>;
  /** Something about the job changed. */
  readonly "drover-update": CustomEvent<{ readonly job: Job }>;
  /** The job is `completed`, `failed` or `cancelled`. */
  readonly "drover-end": CustomEvent<{ readonly job: Job }>;
  /** There is no job, or it cannot be followed: the server refused, or was out of reach. */
  readonly "drover-error": CustomEvent<{ readonly error: Error }>;
}

// Where there is no document, as on a server that renders pages, the module can be loaded all the same.
const ElementBase = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<drover-upload processor="checksum">`: takes a file, shows how its job goes, and links what it made.
 *
 * Attributes: `processor`; `server`, its address (default: the page's own origin); `params`, JSON; `accept`, as of
 * a file input; `label`, the text of the zone, for which a child may stand instead. They are read with each file.
 */
export class DroverUpload extends ElementBase {
  // Both are declared, not defined: what a page sets before this class has been loaded stays.
  /** Whom files go to. Default: a client of `server` without a key. */
  declare client: Client | undefined;
  /** Goes before the attribute `params`. */
  declare params: Readonly<Record<string, unknown>> | undefined;
  #parts: ElementParts | undefined;
  #run: AbortController | undefined;
  #job: Job | undefined;

  /** The job of the newest file; `undefined` before the first was taken. */
  get job(): Job | undefined {
    return this.#job;
  }

  connectedCallback(): void {
    this.#parts ??= this.#build();
  }

  /** The job of an element that has left its page goes on, and is not followed any more. */
  disconnectedCallback(): void {
    this.#run?.abort();
  }

  #build(): ElementParts {
    const parts = makeParts(this.attachShadow({ mode: "open" }));
    const { zone, input, label, cancel } = parts;
    label.textContent = this.getAttribute("label") ?? "Drop a file here, or choose one";
    input.accept = this.getAttribute("accept") ?? "";
    input.addEventListener("change", () => {
      this.#take(input.files);
      input.value = ""; // so that the same file can be chosen again
    });
    for (const name of ["dragenter", "dragover"] as const)
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", this.#run === undefined);
      });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      this.#take(event.dataTransfer?.files);
    });
    cancel.addEventListener("click", () => void this.#cancel());
    return parts;
  }

  #take(files: FileList | null | undefined): void {
    if (this.#run !== undefined || files === null || files === undefined) return;
    const [file, ...others] = files;
    if (others.length > 0) this.#say("One file at a time, please.", "alert");
    else if (file !== undefined) void this.upload(file);
  }

  /** Sends a file as if it was dropped. @returns the job when it has ended; `undefined` when it came to none. */
  async upload(file: File): Promise<Job | undefined> {
    const run = new AbortController();
    this.#run?.abort();
    this.#run = run;
    this.#job = undefined;
    this.#begin();
    try {
      const { signal } = run;
      const onUpdate = (update: RunUpdate) => this.#show(update);
      const options = { params: this.#params(), signal, onUpdate };
      const job = await this.#client().run(this.getAttribute("processor") ?? "", file, options);
      this.#end(job);
      return job;
    } catch (error) {
      if (this.#run === run) this.#fail(error, run.signal.aborted);
      return undefined;
    }
  }

  #client(): Client {
    this.client ??= createClient({ baseUrl: this.getAttribute("server") ?? location.origin });
    return this.client;
  }

  #params(): Record<string, unknown> {
    if (this.params !== undefined) return { ...this.params };
    const parsed: unknown = JSON.parse(this.getAttribute("params") || "{}");
    return Object(parsed) as Record<string, unknown>; // what is no object is refused by the server
  }

  #begin(): void {
    if (this.#parts === undefined) return;
    const { zone, input, progress, cancel, files } = this.#parts;
    zone.classList.add("busy");
    input.disabled = true;
    files.replaceChildren();
    files.hidden = true;
    progress.hidden = false;
    progress.removeAttribute("value");
    cancel.hidden = false;
    this.#say("Uploading", "note");
  }

  #show(update: RunUpdate): void {
    const percent = percentOf(update);
    if (this.#parts !== undefined) {
      if (percent === undefined) this.#parts.progress.removeAttribute("value");
      else this.#parts.progress.value = percent;
    }
    if (update.kind === "upload") return;
    const isNew = this.#job === undefined;
    this.#job = update.job;
    this.#say(textOf(update.job), "note");
    this.#tell(isNew ? "drover-submit" : "drover-update", { job: update.job });
  }

  #end(job: Job): void {
    this.#job = job;
    this.#rest();
    this.#say(textOf(job), job.status === "failed" ? "alert" : "note");
    const files = this.#parts?.files;
    if (files !== undefined && job.artifacts.length > 0) {
      files.replaceChildren(...job.artifacts.map(({ name, size_bytes }) => this.#link(name, size_bytes)));
      files.hidden = false;
    }
    this.#tell("drover-end", { job });
  }

  #fail(thrown: unknown, isAborted: boolean): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#rest();
    this.#say(isAborted ? "Cancelled." : error.message, isAborted ? "note" : "alert");
    if (!isAborted) this.#tell("drover-error", { error });
  }

  #rest(): void {
    this.#run = undefined;
    if (this.#parts === undefined) return;
    const { zone, input, progress, cancel } = this.#parts;
    zone.classList.remove("busy");
    input.disabled = false;
    progress.hidden = true;
    cancel.hidden = true;
  }

  /** The address is asked for with each click: the token in it lives for minutes. */
  #link(name: string, sizeBytes: number): HTMLLIElement {
    const link = make("a", "file");
    const jobId = this.#job?.job_id ?? "";
    link.href = "#";
    link.textContent = name;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#client()
        .downloadUrl(jobId, { artifact: name })
        .then((url) => location.assign(url))
        .catch((error: unknown) =>
          this.#say(error instanceof Error ? error.message : String(error), "alert"),
        );
    });
    const entry = make("li", "");
    entry.append(link, ` (${sizeText(sizeBytes)})`);
    return entry;
  }

  /** An upload is broken off; a job is cancelled, and its end shown when it has come. */
  async #cancel(): Promise<void> {
    if (this.#job === undefined) return this.#run?.abort();
    await this.#client()
      .cancel(this.#job.job_id)
      .catch((error: unknown) => this.#say(error instanceof Error ? error.message : String(error), "alert"));
  }

  #say(text: string, kind: "note" | "alert"): void {
    const status = this.#parts?.status;
    if (status === undefined) return;
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("alert", kind === "alert");
  }

  #tell(name: keyof DroverUploadEvents, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
