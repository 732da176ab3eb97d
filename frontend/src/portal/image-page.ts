// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { fileAddress, imageNameOf, observation, sourceOf, type ImageName } from "../api/images";
import type { ColourMap } from "../image/colours";
import type { MaskChange, RenderChange } from "../image/events";
import type { ImageFacts, ImageSource, Tile } from "../image/facts";
import type { Marks } from "../image/marks";
import type { MaskLook } from "../image/masks";
import type { Position } from "../image/sphere";
import type { Cuts, Stretch } from "../image/stretch";
import type { Row } from "../table/arrow";
import { define } from "../views/define";
import "../views/image-panel";
import "../views/image-view";
import type { ImageView } from "../views/image-view";
import "../views/menu";
import type { MenuItem } from "../views/menu";
import { base, controls } from "../views/style";
import { cutoutScript, factsOf, titleOf } from "./image-words";
import { style } from "./image-page.style";
import { tell } from "./notices";

const MARK = "#ffb000";

/** One image of a release, with what can be changed about its look. */
export class ImagePage extends LitElement {
  static override styles = [base, controls, style];
  static override properties = {
    identifier: {},
    at: { attribute: false },
    facts: { state: true },
    row: { state: true },
    tiles: { state: true },
    stretch: { state: true },
    cuts: { state: true },
    colours: { state: true },
    inverted: { state: true },
    masks: { state: true },
    isOpen: { state: true },
  };

  /** As `obs_publisher_did` of `ivoa.ObsCore`. */
  declare identifier: string;
  /** What to show in the middle, and mark; ICRS degrees. */
  declare at: Position | null;
  declare private facts: ImageFacts | null;
  declare private row: Row | null;
  declare private tiles: readonly Tile[];
  declare private stretch: Stretch;
  declare private cuts: Cuts;
  declare private colours: ColourMap;
  declare private inverted: boolean;
  declare private masks: Record<string, MaskLook>;
  /** Whether the panel is open on a narrow screen. */
  declare private isOpen: boolean;

  private name: ImageName | null = null;
  private source: ImageSource | null = null;
  private marks: readonly Marks[] = [];
  private reading = new AbortController();

  constructor() {
    super();
    this.identifier = "";
    this.at = null;
    this.facts = null;
    this.row = null;
    this.tiles = [];
    this.stretch = "linear";
    this.cuts = "zscale";
    this.colours = "grey";
    this.inverted = false;
    this.masks = {};
    this.isOpen = false;
    this.addEventListener("sp-image-render", (event) => this.onRender((event as CustomEvent<RenderChange>).detail));
    this.addEventListener("sp-image-mask", (event) => this.onMask((event as CustomEvent<MaskChange>).detail));
    this.addEventListener("sp-image-facts", (event) => void this.onFacts((event as CustomEvent<ImageFacts>).detail));
    this.addEventListener("sp-image-seen", (event) => (this.tiles = (event as CustomEvent<readonly Tile[]>).detail));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.reading.abort();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("identifier")) this.open();
    if (changed.has("at")) {
      const { at } = this;
      this.marks = at ? [{ colour: MARK, ra: [at.ra], dec: [at.dec] }] : [];
      if (this.facts) this.centre();
    }
  }

  private open(): void {
    this.reading.abort();
    this.reading = new AbortController();
    this.facts = null;
    this.row = null;
    this.tiles = [];
    this.name = imageNameOf(this.identifier);
    this.source = this.name && sourceOf(this.name);
    if (this.name) void this.read(this.name, this.reading.signal);
  }

  /** What the tables tell of it: its title can wait, and can do without. */
  private async read(name: ImageName, signal: AbortSignal): Promise<void> {
    const row = await observation(name, signal).catch(() => null);
    if (!signal.aborted) this.row = row;
  }

  private get view(): ImageView {
    return this.renderRoot.querySelector<ImageView>("sp-image-view")!;
  }

  private async onFacts(facts: ImageFacts): Promise<void> {
    this.facts = facts;
    await this.view.updateComplete;
    this.centre();
  }

  private centre(): void {
    if (this.at && !this.view.show(this.at.ra, this.at.dec, 2)) tell("The position is outside of this image");
  }

  private onRender({ stretch, cuts, colours, inverted }: RenderChange): void {
    if (stretch !== undefined) this.stretch = stretch;
    if (cuts !== undefined) this.cuts = cuts;
    if (colours !== undefined) this.colours = colours as ColourMap;
    if (inverted !== undefined) this.inverted = inverted;
  }

  private onMask({ plane, visible = true, colour = MARK, opacity = 0.5 }: MaskChange): void {
    this.masks = { ...this.masks, [plane]: { visible, colour, opacity } };
  }

  private downloads(name: ImageName): MenuItem[] {
    const file = `${name.release}-${this.facts?.dataset_type ?? "image"}-${name.dataset.slice(0, 8)}`;
    return [
      { label: "FITS", about: "The whole file: image, mask, variance", href: fileAddress(name), file: `${file}.fits` },
      { label: "PNG", about: "A picture of all of it", href: this.source?.picture ?? "", file: `${file}.png` },
      { label: "Copy as Python", about: "Lines that cut out what you see", run: () => void this.copyPython(name) },
    ];
  }

  private async copyPython(name: ImageName): Promise<void> {
    const { corners } = this.view;
    if (!corners) {
      tell("There is no sky in what you see");
      return;
    }
    try {
      await navigator.clipboard.writeText(cutoutScript(location.origin, name.identifier, corners));
      tell("Copied Python for what you see");
    } catch {
      tell("The browser does not let this page copy");
    }
  }

  override render(): TemplateResult {
    const { name } = this;
    if (!name) {
      return html`<div class="lost">
        <h1>No image</h1>
        <p>The address names none. Open an image from a row of a result with <code>obs_publisher_did</code>, such as those of <code>ivoa.ObsCore</code>.</p>
        <a href="/portal?table=ivoa.ObsCore">Find images</a>
      </div>`;
    }
    const title = titleOf(this.facts, this.row);
    return html`
      <header>
        <h1>${title || "Image"}</h1>
        <p>${factsOf(name, this.facts, this.row).map((each) => html`<span>${each}</span>`)}</p>
        <button class="only-narrow" aria-expanded=${this.isOpen} @click=${() => (this.isOpen = !this.isOpen)}>Look</button>
        <sp-menu quiet icon="download" label="Download" .items=${this.downloads(name)}></sp-menu>
      </header>
      <div class="work ${this.isOpen ? "open" : ""}">
        <sp-image-view
          .source=${this.source}
          label=${title ? `Image: ${title}` : "Image"}
          stretch=${this.stretch}
          .cuts=${this.cuts}
          colours=${this.colours}
          ?inverted=${this.inverted}
          .masks=${this.masks}
          .marks=${this.marks}
          .highlight=${this.marks.length ? { list: 0, index: 0 } : null}
        ></sp-image-view>
        ${this.facts
          ? html`<sp-image-panel
              role="region"
              aria-label="Look of the image"
              .facts=${this.facts}
              .tiles=${this.tiles}
              stretch=${this.stretch}
              .cuts=${this.cuts}
              colours=${this.colours}
              ?inverted=${this.inverted}
              .masks=${this.masks}
            ></sp-image-panel>`
          : nothing}
      </div>
    `;
  }
}

define("sp-image-page", ImagePage);
