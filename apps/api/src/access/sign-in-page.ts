import type { Caller } from "@drover/core";
import { escapeHtml } from "../http/html-text.js";

export const STYLE_PATH = "/sign-in/style.css";

/** What the page says beside its form. */
export interface SignInView {
  /** Local path that is opened next. */
  readonly next: string;
  /** Why it was refused, as a sentence. */
  readonly refusal?: string;
  /** Who has signed in already: the page offers to end that instead. */
  readonly caller?: Caller;
}

/** The page where a person signs in with a key. It needs no script. */
export function signInPage({ next, refusal, caller }: SignInView): string {
  const body = caller === undefined ? keyForm(next, refusal) : signedInAs(caller, next);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Drover</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function keyForm(next: string, refusal: string | undefined): string {
  const alert = refusal === undefined ? "" : `<p role="alert" id="refusal">${escapeHtml(refusal)}</p>\n`;
  const described = refusal === undefined ? "" : ' aria-invalid="true" aria-describedby="refusal"';
  return `<h1>Sign in to Drover</h1>
${alert}<form method="post" action="/sign-in">
<label for="key">API key</label>
<input id="key" name="key" type="password" required autofocus autocomplete="current-password"${described}>
<input name="next" type="hidden" value="${escapeHtml(next)}">
<button>Sign in</button>
</form>
<p class="hint">Whoever runs this server makes keys: <code>drover keys create</code>. You stay signed in for 12 hours.</p>`;
}

function signedInAs({ keyId, tenant, scopes }: Caller, next: string): string {
  return `<h1>You are signed in</h1>
<p>With the key <code>${escapeHtml(keyId ?? "")}</code> of tenant ${escapeHtml(tenant)}; its scopes: ${[...scopes].join(", ")}.</p>
<form method="post" action="/sign-out">
<button>Sign out</button>
</form>
<p class="hint"><a href="${escapeHtml(next)}">Go on</a></p>`;
}

/** As the console's. Colors have a contrast of 4.5 to 1 and more. */
export const SIGN_IN_STYLE = `:root {
  color-scheme: light dark;
  --page: #f5f7f6; --card: #fff; --text: #17201c; --quiet: #59635e; --line: #8b9791; --accent: #1f6f5c;
  --on-accent: #fff; --alert: #b42323;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #151b19; --card: #1b2220; --text: #e4e9e6; --quiet: #a6b1ac; --line: #6b7771; --accent: #68bd9e;
    --on-accent: #101513; --alert: #ff9c94;
  }
}
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main {
  box-sizing: border-box; width: min(26rem, 100% - 2rem); margin: 12vh auto 2rem; padding: 2rem;
  background: var(--card); border-radius: 0.5rem;
}
h1 { margin: 0 0 1.25rem; font-size: 1.375rem; line-height: 1.25; }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; padding: 0.625rem 0.75rem; border-radius: 0.375rem; font: inherit; }
input { border: 1px solid var(--line); background: var(--page); color: inherit; }
button { margin-top: 1rem; border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
[role="alert"] { margin: 0 0 1rem; padding-left: 0.75rem; border-left: 3px solid var(--alert); color: var(--alert); }
.hint { margin: 1.25rem 0 0; color: var(--quiet); font-size: 0.875rem; }
code { overflow-wrap: anywhere; }
`;
