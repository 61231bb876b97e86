import type { Artifact } from "@drover/client";
import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { formatSize } from "../i18n/formats.js";
import { useLanguage } from "../i18n/language.js";
import { previewKind } from "../previews/preview-kind.js";
import styles from "./file-rows.module.css";
import { Icon } from "./icon.js";

const ArtifactPreview = lazy(async () => ({
  default: (await import("../previews/artifact-preview.js")).ArtifactPreview,
}));

interface ArtifactListProps {
  readonly jobId: string;
  readonly artifacts: readonly Artifact[];
}

/** The files of a completed job, each with its preview and its download; a report comes first, and is open. */
export function ArtifactList({ jobId, artifacts }: ArtifactListProps) {
  const report = artifacts.find((artifact) => previewKind(artifact) === "html");
  const [shown, setShown] = useState(report?.name);
  const inOrder = artifacts.toSorted((a, b) => Number(b === report) - Number(a === report));
  return (
    <ul className={styles["rows"]}>
      {inOrder.map((artifact) => (
        <li key={artifact.name} className={styles["entry"]}>
          <ArtifactRow
            artifact={artifact}
            isShown={shown === artifact.name}
            onToggle={() => setShown(shown === artifact.name ? undefined : artifact.name)}
          />
          {shown === artifact.name && (
            <Suspense fallback={null}>
              <ArtifactPreview jobId={jobId} artifact={artifact} />
            </Suspense>
          )}
        </li>
      ))}
    </ul>
  );
}

interface ArtifactRowProps {
  readonly artifact: Artifact;
  readonly isShown: boolean;
  readonly onToggle: () => void;
}

function ArtifactRow({ artifact, isShown, onToggle }: ArtifactRowProps) {
  const { locale, messages } = useLanguage();
  const { result } = messages;
  const { name, size_bytes, media_type, url } = artifact;
  return (
    <div className={styles["row"]}>
      <span className={styles["icon"]}>
        <Icon name="file" size={24} />
      </span>
      <div className={styles["what"]}>
        <p className={styles["name"]}>{name}</p>
        <p className={styles["detail"]}>
          {media_type.split(";")[0]} · {formatSize(size_bytes, locale)}
        </p>
      </div>
      <div className={styles["actions"]}>
        {previewKind(artifact) !== "none" && (
          <Button
            variant="subtle"
            size="sm"
            aria-expanded={isShown}
            aria-label={isShown ? undefined : result.previewNamed(name)}
            onClick={onToggle}
          >
            {isShown ? result.close : result.preview}
          </Button>
        )}
        <Button
          component="a"
          href={url}
          download={name}
          variant="default"
          size="sm"
          aria-label={result.downloadNamed(name)}
        >
          {result.download}
        </Button>
      </div>
    </div>
  );
}
