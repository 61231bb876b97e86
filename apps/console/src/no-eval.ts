import { config } from "zod";

/**
 * Comes before the contract is loaded: zod would try whether it may make functions of text, which the content
 * security policy forbids, and the browser reports.
 */
config({ jitless: true });
