import type { Artifact } from "@drover/client";
import { useQuery } from "@tanstack/react-query";
import { formatSize } from "../i18n/formats.js";
import { useLanguage, useMessages } from "../i18n/language.js";
import styles from "./artifact-preview.module.css";
import { HtmlPreview } from "./html-preview.js";
import { ImagePreview } from "./image-preview.js";
import { type PreviewKind, previewKind } from "./preview-kind.js";
import { type FileStart, readStart, textOf } from "./read-start.js";
import { TablePreview } from "./table-preview.js";

interface ArtifactPreviewProps {
  readonly jobId: string;
  readonly artifact: Artifact;
}

/** The beginning of a file, in the way that its kind is looked at. */
export function ArtifactPreview({ jobId, artifact }: ArtifactPreviewProps) {
  const { code, messages } = useLanguage();
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
      {data?.isCut === true && (
        <p className={styles["note"]}>{result.cutOff(formatSize(data.bytes.length, code))}</p>
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
