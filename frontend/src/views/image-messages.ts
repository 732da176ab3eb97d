// SPDX-License-Identifier: BSD-3-Clause
import { html, nothing, type TemplateResult } from "lit";

/** What an image view is doing; `blind` where the browser cannot draw. */
export type ImageState = "empty" | "opening" | "drawing" | "done" | "failed" | "blind";

/** What stands where the image would be; nothing where it is. */
export function instead(state: ImageState, failure: unknown, picture: string | null, label: string, again: () => void): TemplateResult | typeof nothing {
  switch (state) {
    case "empty":
      return message("No image", "Open one from a row of a result that has images.");
    case "opening":
      return html`<div class="message" role="status"><p>Reading the image\u2026</p></div>`;
    case "failed":
      if (mayPass(failure)) return message("Images are not served yet", "The instance may be starting. This page asks again by itself\u2026");
      return message("The image cannot be shown", sentence(failure), html`<button @click=${again}>Try again</button>`);
    case "blind":
      return message(
        "This browser does not draw with WebGL 2",
        "Switch hardware acceleration on in its settings, or use a current Chromium, Firefox or Safari. Below is a picture that the instance made.",
        picture ? html`<img src=${picture} alt=${label} />` : nothing,
      );
    default:
      return nothing;
  }
}

/** Tiles that could not be had, and a way to ask for them again. */
export function trouble(failed: readonly unknown[], again: () => void): TemplateResult | typeof nothing {
  if (failed.length === 0) return nothing;
  return html`<div class="trouble" role="alert">
    <span>${failed.length === 1 ? "A tile" : `${failed.length} tiles`} could not be read. ${sentence(failed[0])}</span>
    <button @click=${again}>Try again</button>
  </div>`;
}

/** Whether a failure is only that nobody is there yet: no answer at all, or 503 (RFC 9110, section 15.6.4). */
export function mayPass(error: unknown): boolean {
  return error instanceof Error && (error.name === "ConnectionError" || (error as { status?: unknown }).status === 503);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function message(title: string, text: string, then: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="message" role="status"><h2>${title}</h2><p>${text}</p>${then}</div>`;
}
