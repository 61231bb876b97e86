import { useEffect, useRef } from "react";
import styles from "./artifact-preview.module.css";

/**
 * A page that a processor wrote, in a frame that has no origin, runs no script of it and loads nothing: see
 * `preview-frame.ts`, which it is handed to once the frame says that it is there.
 */
export function HtmlPreview({ text, title }: { readonly text: string; readonly title: string }) {
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
