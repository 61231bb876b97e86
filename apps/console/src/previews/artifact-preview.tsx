import type { Artifact } from "@drover/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import styles from "./artifact-preview.module.css";
import { type PreviewKind, previewKind } from "./preview-kind.js";
import { type FileStart, readStart, textOf } from "./read-start.js";
import { TablePreview } from "./table-preview.js";

interface ArtifactPreviewProps {
  readonly jobId: string;
  readonly artifact: Artifact;
}

/** The beginning of a file, in the way that its kind is looked at. */
export function ArtifactPreview({ jobId, artifact }: ArtifactPreviewProps) {
  const { locale, messages } = useLanguage();
  const { result } = messages;
  const kind = previewKind(artifact);
  const { data, error } = useQuery({
    queryKey: ["preview", jobId, artifact.name, artifact.sha256],
    queryFn: ({ signal }) => readStart(jobId, artifact, kind, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  return (
    <section className={styles["preview"]} aria-label={result.previewNamed(artifact.name)}>
      {error !== null && <p className={styles["note"]}>{result.trouble}</p>}
      {data === undefined && error === null && <p className={styles["note"]}>{result.loading}</p>}
      {data !== undefined && <Shown kind={kind} start={data} artifact={artifact} />}
      {data?.isCut === true && (kind === "text" || kind === "json") && (
        <p className={styles["note"]}>{result.cutOff(formatSize(data.bytes.length, locale))}</p>
      )}
    </section>
  );
}

interface ShownProps {
  readonly kind: PreviewKind;
  readonly start: FileStart;
  readonly artifact: Artifact;
}

function Shown({ kind, start, artifact }: ShownProps) {
  const { result } = useMessages();
  switch (kind) {
    case "table":
      return <TablePreview text={textOf(start)} isCut={start.isCut} />;
    case "json":
      return <TextPreview text={start.isCut ? textOf(start) : indented(textOf(start))} />;
    case "text":
      return <TextPreview text={textOf(start)} />;
    case "image":
      if (!start.isCut) return <ImagePreview bytes={start.bytes} artifact={artifact} />;
      break;
    case "html":
      if (!start.isCut) return <HtmlPreview text={textOf(start)} title={artifact.name} />;
      break;
    case "none":
  }
  return <p className={styles["note"]}>{result.noPreview}</p>;
}

function TextPreview({ text }: { readonly text: string }) {
  // It scrolls, so it is reached by the keyboard.
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls
    <pre className={styles["text"]} tabIndex={0}>
      {text}
    </pre>
  );
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

interface ImagePreviewProps {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly artifact: Artifact;
}

/** A picture; as an image, so that one that is SVG runs and loads nothing. */
function ImagePreview({ bytes, artifact: { name, media_type } }: ImagePreviewProps) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: media_type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, media_type]);
  return url === undefined ? null : <img className={styles["image"]} src={url} alt={name} />;
}

/**
 * A page that a processor wrote, in a frame that has no origin, runs no script of it and loads nothing: see
 * `preview-frame.ts`, which it is handed to once the frame says that it is there.
 */
function HtmlPreview({ text, title }: { readonly text: string; readonly title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const fill = ({ source, data }: MessageEvent) => {
      const target = frame.current?.contentWindow;
      if (data !== "drover-preview-frame" || target === null || target !== source) return;
      target?.postMessage(text, "*"); // the frame has no origin to name; the window is ours
    };
    window.addEventListener("message", fill);
    return () => window.removeEventListener("message", fill);
  }, [text]);
  return (
    <iframe
      ref={frame}
      className={styles["frame"]}
      title={title}
      src="/preview-frame"
      sandbox="allow-scripts"
      referrerPolicy="no-referrer"
    />
  );
}
