import styles from "./worker-name.module.css";

/** A worker's id as people tell workers apart: by the host, which may be cut off, and the process there. */
export function WorkerName({ id }: { readonly id: string }) {
  const { host, pid } = partsOf(id);
  return (
    <span className={styles["worker"]} title={id}>
      <span className={styles["host"]}>{host}</span>
      {pid !== "" && <span>{pid}</span>}
    </span>
  );
}

/** Host and process of an id as workers make it, `<host>-<pid>-<random>`; any other id is all host. */
function partsOf(id: string): { readonly host: string; readonly pid: string } {
  const [, host = id, pid = ""] = /^(.+)-(\d+)-[0-9a-z]+$/.exec(id) ?? [];
  return { host, pid };
}
