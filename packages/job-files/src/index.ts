export * from "./blob-keys.js";
export * from "./manifest.js";
export * from "./tombstone.js";
