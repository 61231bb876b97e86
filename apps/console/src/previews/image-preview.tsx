import type { Artifact } from "@drover/client";
import { useEffect, useState } from "react";
import styles from "./artifact-preview.module.css";

interface ImagePreviewProps {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly artifact: Artifact;
}

/** A picture; as an image, so that one that is SVG runs and loads nothing. */
export function ImagePreview({ bytes, artifact: { name, media_type } }: ImagePreviewProps) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: media_type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, media_type]);
  return url === undefined ? null : <img className={styles["image"]} src={url} alt={name} />;
}
