import { STYLE } from "./element-style.js";

/** What the element shows; everything in it can be reached by keyboard. */
export interface ElementParts {
  /** Where files are dropped; a label, so that a click opens the browser's own dialog. */
  readonly zone: HTMLElement;
  readonly input: HTMLInputElement;
  readonly label: HTMLElement;
  /** Read out as it changes. */
  readonly status: HTMLElement;
  readonly progress: HTMLProgressElement;
  readonly cancel: HTMLButtonElement;
  readonly files: HTMLUListElement;
}

/**
 * Makes the parts within a shadow root. The style is a constructed sheet: a content security policy without inline
 * styles does not forbid it.
 */
export function makeParts(root: ShadowRoot): ElementParts {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const input = make("input", "");
  input.type = "file";
  const label = make("span", "");
  const slot = make("slot", "");
  slot.append(label);
  const zone = make("label", "zone");
  zone.append(input, slot);
  const status = make("p", "status");
  status.setAttribute("role", "status");
  const progress = make("progress", "progress");
  progress.max = 100;
  progress.setAttribute("aria-label", "Progress");
  const cancel = make("button", "button");
  cancel.type = "button";
  cancel.textContent = "Cancel";
  const files = make("ul", "files");
  files.setAttribute("aria-label", "Results");
  root.append(zone, status, progress, cancel, files);
  for (const part of [progress, cancel, files]) part.hidden = true;
  return { zone, input, label, status, progress, cancel, files };
}

/** An element of a class, which is its part's name too. */
export function make<N extends keyof HTMLElementTagNameMap>(name: N, part: string): HTMLElementTagNameMap[N] {
  const element = document.createElement(name);
  if (part !== "") {
    element.className = part;
    element.part.add(part);
  }
  return element;
}
