/**
 * How the element looks, within itself: pages change the custom properties of its host, or style its parts
 * (`zone`, `status`, `progress`, `button`, `files`). Colors have a contrast of 4.5 to 1 and more.
 */
export const STYLE = `
:host {
  --drover-accent: #0b5cad; --drover-text: #1b1f24; --drover-quiet: #57606a; --drover-line: #8c959f;
  --drover-surface: #fff; --drover-alert: #a40e26;
  display: block; color: var(--drover-text); font: 1rem/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :host {
    --drover-accent: #7ab8ff; --drover-text: #e6e9ec; --drover-quiet: #a3adb8; --drover-line: #6b7580;
    --drover-surface: #1e2227; --drover-alert: #ff9b9b;
  }
}
:host([hidden]) { display: none; }
.zone {
  display: block; box-sizing: border-box; padding: 1.5rem; border: 2px dashed var(--drover-line); border-radius: 0.5rem;
  background: var(--drover-surface); text-align: center; cursor: pointer;
}
.zone.over { border-style: solid; border-color: var(--drover-accent); }
.zone:focus-within { outline: 3px solid var(--drover-accent); outline-offset: 2px; }
.zone.busy { cursor: default; opacity: 0.6; }
input { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); }
.hint { color: var(--drover-quiet); font-size: 0.875rem; }
.status { margin: 0.75rem 0 0.25rem; min-height: 1.5em; }
.status.alert { color: var(--drover-alert); }
progress { width: 100%; accent-color: var(--drover-accent); }
button {
  padding: 0.375rem 0.75rem; border: 1px solid var(--drover-line); border-radius: 0.375rem;
  background: var(--drover-surface); color: inherit; font: inherit; cursor: pointer;
}
a { color: var(--drover-accent); }
:focus-visible { outline: 3px solid var(--drover-accent); outline-offset: 2px; }
ul { margin: 0.5rem 0 0; padding-left: 1.25rem; }
[hidden] { display: none; }
`;
