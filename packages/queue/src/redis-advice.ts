/** What is wrong with the certificate or the port, by the error code of Node or OpenSSL. */
const TLS_ADVICE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ].map((code) => [
      code,
      "The certificate of Redis comes from an authority that is not trusted here. " +
        "NODE_EXTRA_CA_CERTS names the file of a private one.",
    ]),
  ),
  CERT_HAS_EXPIRED: "The certificate of Redis has expired.",
  CERT_NOT_YET_VALID: "The certificate of Redis is not valid yet. Are the clocks right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate of Redis is for another name than the one in REDIS_URL.",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "Redis does not speak TLS at this port: redis:// in REDIS_URL, or its TLS port.",
};

/** What the server answers to a user that may not, as itself or in a script. */
const REFUSED_USER = /^NOPERM\b|The user executing the script can't/;
const REFUSED_PASSWORD = /^(?:WRONGPASS|NOAUTH)\b|^ERR (?:AUTH|invalid password)\b/;

/** Whether the server refused the user: its password, or what it asked for. */
export function isUserRefused(error: Error): boolean {
  return REFUSED_USER.test(error.message) || REFUSED_PASSWORD.test(error.message);
}

/**
 * What an operator has to put right, in sentences without secrets; `undefined` for an error that passes by
 * itself. Looks at the error's causes too.
 */
export function adviceFor(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (REFUSED_PASSWORD.test(error.message)) return "Redis refuses the user or the password in REDIS_URL.";
  if (REFUSED_USER.test(error.message))
    return (
      "Redis refuses its user a command or a key that Drover needs; " +
      "docs/operations.md says what a user may do."
    );
  const code = "code" in error ? String(error.code) : "";
  return TLS_ADVICE[code] ?? adviceFor(error.cause);
}
