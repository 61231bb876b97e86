export * from "./blob-keys.js";
export * from "./blob-text.js";
export * from "./canary.js";
export * from "./file-time.js";
export * from "./installation.js";
export * from "./manifest.js";
export * from "./pairing.js";
export * from "./tombstone.js";
