import type { Client, Job } from "@drover/client";
import "@drover/web-component"; // defines the element, where there is a document
import type { DroverUpload, DroverUploadEvents } from "@drover/web-component";
import { createElement, type ReactElement, type ReactNode, useEffect, useRef } from "react";
import { useClient } from "./drover-provider.js";

export interface DropZoneProps {
  /** Name of the processor that files go to. */
  readonly processor: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Files that the browser's dialog offers, as of `<input type="file">`: `.csv,text/csv`. */
  readonly accept?: string;
  readonly className?: string;
  /** What the zone says. Default: an English line. */
  readonly children?: ReactNode;
  readonly onSubmit?: (job: Job) => void;
  readonly onUpdate?: (job: Job) => void;
  /** The job is `completed`, `failed` or `cancelled`. */
  readonly onEnd?: (job: Job) => void;
  readonly onError?: (error: Error) => void;
}

/**
 * Takes a file, shows how its job goes, and links what it made: the element `<drover-upload>` with the client of
 * the nearest `DroverProvider`. Its parts are styled as that element's.
 */
export function DropZone(props: DropZoneProps): ReactElement {
  const { processor, accept, className, children } = props;
  const client = useClient();
  const element = useRef<DroverUpload>(null);
  useElement(element, client, props);
  return createElement("drover-upload", { ref: element, processor, accept, class: className }, children);
}

type ElementRef = { readonly current: DroverUpload | null };

/** Hands to the element what attributes do not carry, and its events to the props of the newest rendering. */
function useElement(element: ElementRef, client: Client, props: DropZoneProps): void {
  const newest = useRef(props);
  useEffect(() => {
    newest.current = props;
    if (element.current === null) return;
    element.current.client = client;
    element.current.params = props.params;
  });
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const stop = new AbortController();
    const on = <N extends keyof DroverUploadEvents>(name: N, tell: (event: DroverUploadEvents[N]) => void) =>
      current.addEventListener(name, (event) => tell(event as DroverUploadEvents[N]), {
        signal: stop.signal,
      });
    on("drover-submit", ({ detail }) => newest.current.onSubmit?.(detail.job));
    on("drover-update", ({ detail }) => newest.current.onUpdate?.(detail.job));
    on("drover-end", ({ detail }) => newest.current.onEnd?.(detail.job));
    on("drover-error", ({ detail }) => newest.current.onError?.(detail.error));
    return () => stop.abort();
  }, [element]);
}
