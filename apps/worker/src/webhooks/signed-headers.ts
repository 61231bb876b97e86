import { createHmac } from "node:crypto";

/** What is signed: one attempt at one message. */
export interface SignedMessage {
  /** The same with every attempt. */
  readonly id: string;
  readonly body: string;
  /** Time of the attempt, ms since the epoch. */
  readonly at: number;
}

/**
 * The headers of a delivery, with one signature for each secret, so that a receiver may know the old or the new
 * one while it is being changed. Source: Standard Webhooks 1.0, https://www.standardwebhooks.com: HMAC-SHA-256 of
 * `id.timestamp.body`, keyed with the bytes that the secret has in base64 behind `whsec_`.
 */
export function signedHeaders(
  message: SignedMessage,
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.at / 1_000));
  return {
    "content-type": "application/json",
    "user-agent": "Drover-Webhooks/1.0",
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => signature(message, timestamp, secret)).join(" "),
  };
}

function signature({ id, body }: SignedMessage, timestamp: string, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
