import { DroverUpload } from "./upload-element.js";

export { DroverUpload, type DroverUploadEvents } from "./upload-element.js";

declare global {
  interface HTMLElementTagNameMap {
    "drover-upload": DroverUpload;
  }
}

// Loaded twice, as by two bundles of one page, the first stays; where there is no document there is none to define.
const registry: CustomElementRegistry | undefined = globalThis.customElements;
if (registry !== undefined && registry.get("drover-upload") === undefined)
  registry.define("drover-upload", DroverUpload);
