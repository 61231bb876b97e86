/** Variables that every child gets as the worker has them; `*` at the end stands for any ending. */
const PASSED = [
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_*"],
  ...["LD_LIBRARY_PATH", "LD_PRELOAD", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR", "FORCE_COLOR"],
  ...["NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "NODE_V8_COVERAGE"],
  ...["UV_THREADPOOL_SIZE", "OTEL_*"],
];

/** Variables of `PASSED` that hold keys: `OTEL_EXPORTER_OTLP_HEADERS` and its kin. */
const SECRET = /^OTEL_.*_HEADERS$/;

/**
 * The environment of a child process: what programs need to be found, to speak a language and to trace, and
 * the variables that are named. Those of Drover, and the address of Redis, are never among them.
 * @param named names, or beginnings of names with `*`.
 */
export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  named: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const isPassed = (name: string) =>
    !isOwn(name) && (isIn(named, name) || (isIn(PASSED, name) && !SECRET.test(name)));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isPassed(name)));
}

function isOwn(name: string): boolean {
  return name.startsWith("DROVER_") || name === "REDIS_URL";
}

function isIn(names: readonly string[], name: string): boolean {
  return names.some((each) => (each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each));
}
