import { createHash } from "node:crypto";

import { html, trusted } from "./markup.ts";
import type { Markup } from "./markup.ts";

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  readonly style: string;
  readonly script: string;
  readonly content: Markup;
  /** What the script reads from the element `#data`. */
  readonly data: {
    /** Media type; nothing that a browser would run. */
    readonly type: string;
    readonly text: Markup;
  };
}

/** A page that needs nothing else: no request leaves it, and its policy forbids any. */
export function pageDocument({ title, style, script, content, data }: PageParts): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy(style, script)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${element("style", style)}
      </head>
      <body>
        <main>${content}</main>
        <script type="${data.type}" id="data">
          ${data.text}
        </script>
        ${element("script", script)}
      </body>
    </html> `;
  return page.html;
}

/** An element whose text is exactly this: the page's policy has its hash. */
function element(name: "style" | "script", text: string): Markup {
  return trusted(`<${name}>${text}</${name}>`);
}

/** Only this page's own style and script count; nothing is loaded, sent or framed. */
function contentPolicy(style: string, script: string): string {
  const hash = (text: string): string =>
    `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
