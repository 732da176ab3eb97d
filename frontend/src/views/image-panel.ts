// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { COLOUR_MAPS, COLOUR_NAMES, coloursOf, type ColourMap } from "../image/colours";
import { tellImage, type RenderChange } from "../image/events";
import type { ImageFacts, Plane, Tile } from "../image/facts";
import { looksOf, type MaskLook, type MaskLooks } from "../image/masks";
import { RULES, STRETCHES, histogramOf, histogramRange, limits, type Cuts, type Histogram, type Rule, type Stretch } from "../image/stretch";
import { define } from "./define";
import "./image-histogram";
import { style } from "./image-panel.style";
import { base, controls } from "./style";

const STRETCH_NAMES: Record<Stretch, string> = { linear: "Linear", sqrt: "Root", asinh: "Asinh", log: "Log" };
const RULE_NAMES: Record<Rule, string> = { zscale: "zscale, for the sky", "99%": "99 % of the pixels", minmax: "Least to greatest" };

/** How an image looks, to be changed: stretch, cuts, colours, mask. Tells `sp-image-render` and `sp-image-mask`. */
export class ImagePanel extends LitElement {
  static override styles = [base, controls, style];
  static override properties = {
    facts: { attribute: false },
    tiles: { attribute: false },
    stretch: {},
    cuts: { attribute: false },
    colours: {},
    inverted: { type: Boolean },
    masks: { attribute: false },
  };

  declare facts: ImageFacts | null;
  /** Of what is seen; for the histogram. */
  declare tiles: readonly Tile[];
  declare stretch: Stretch;
  declare cuts: Cuts;
  declare colours: ColourMap;
  declare inverted: boolean;
  declare masks: MaskLooks;

  private histogram: Histogram | null = null;

  constructor() {
    super();
    this.facts = null;
    this.tiles = [];
    this.stretch = "linear";
    this.cuts = "zscale";
    this.colours = "grey";
    this.inverted = false;
    this.masks = {};
  }

  private get limits(): [number, number] {
    return limits(this.cuts, this.facts?.statistics ?? null);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("tiles") && !changed.has("cuts") && !changed.has("facts")) return;
    const [low, high] = this.limits;
    const known = this.histogram;
    // While a cut is moved inside of it, the range stays: the handle must not run away.
    const holds = known && !changed.has("facts") && typeof this.cuts !== "string" && low >= known.low && high <= known.high;
    if (holds && !changed.has("tiles")) return;
    const range = holds ? ([known.low, known.high] as const) : histogramRange(this.facts?.statistics ?? null, [low, high]);
    this.histogram = this.facts ? histogramOf(this.tiles, range[0], range[1]) : null;
  }

  protected override updated(): void {
    for (const swatch of this.renderRoot.querySelectorAll<HTMLCanvasElement>(".maps canvas")) {
      const shades = coloursOf(swatch.dataset["map"] as ColourMap, this.inverted);
      swatch.getContext("2d")!.putImageData(new ImageData(new Uint8ClampedArray(shades), shades.length / 4, 1), 0, 0);
    }
  }

  private change(change: RenderChange): void {
    tellImage(this, "sp-image-render", change);
  }

  private mask(plane: string, change: Partial<MaskLook>): void {
    const look = looksOf(this.facts?.planes ?? [], this.masks)[plane];
    tellImage(this, "sp-image-mask", { plane, ...look, ...change });
  }

  private all(visible: boolean): void {
    for (const { name } of this.facts?.planes ?? []) this.mask(name, { visible });
  }

  /** A number that somebody typed; what is none changes nothing. */
  private type(event: Event, which: 0 | 1): void {
    const input = event.target as HTMLInputElement;
    const value = Number(input.value.replace(/\u2212/g, "-"));
    const [low, high] = this.limits;
    const cuts: [number, number] = which === 0 ? [value, high] : [low, value];
    const isWrong = input.value.trim() === "" || !Number.isFinite(value) || cuts[0] >= cuts[1];
    input.setCustomValidity(isWrong ? (which === 0 ? "A number below the upper cut" : "A number above the lower cut") : "");
    if (isWrong) input.reportValidity();
    else this.change({ cuts });
  }

  override render(): TemplateResult {
    const { facts } = this;
    if (!facts) return html``;
    const [low, high] = this.limits;
    return html`
      <fieldset>
        <legend>Stretch</legend>
        <div class="segments">
          ${STRETCHES.map(
            (each) => html`<label class=${this.stretch === each ? "chosen" : ""}
              ><input type="radio" name="stretch" value=${each} .checked=${this.stretch === each} @change=${() => this.change({ stretch: each })} />${STRETCH_NAMES[each]}</label
            >`,
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>Cuts</legend>
        <sp-image-histogram
          .histogram=${this.histogram}
          .cuts=${[low, high] as const}
          unit=${facts.unit ?? ""}
          @sp-cuts=${(event: CustomEvent<[number, number]>) => this.change({ cuts: event.detail })}
        ></sp-image-histogram>
        <div class="cuts">
          <input aria-label="Lower cut" inputmode="decimal" .value=${short(low)} @change=${(event: Event) => this.type(event, 0)} />
          <span class="unit">${facts.unit ?? ""}</span>
          <input aria-label="Upper cut" inputmode="decimal" .value=${short(high)} @change=${(event: Event) => this.type(event, 1)} />
        </div>
        <select aria-label="Rule for the cuts" @change=${(event: Event) => this.choose((event.target as HTMLSelectElement).value)}>
          ${RULES.map((rule) => html`<option value=${rule} ?selected=${this.cuts === rule}>${RULE_NAMES[rule]}</option>`)}
          <option value="own" ?selected=${typeof this.cuts !== "string"} ?disabled=${typeof this.cuts === "string"}>Own values</option>
        </select>
      </fieldset>
      <fieldset>
        <legend>Colours</legend>
        <div class="maps">
          ${COLOUR_MAPS.map(
            (each) => html`<label class=${this.colours === each ? "chosen" : ""} title=${COLOUR_NAMES[each]}
              ><input type="radio" name="colours" value=${each} aria-label=${COLOUR_NAMES[each]} .checked=${this.colours === each} @change=${() => this.change({ colours: each })} /><canvas
                width="256"
                height="1"
                data-map=${each}
                aria-hidden="true"
              ></canvas
            ></label>`,
          )}
        </div>
        <label class="check"
          ><input type="checkbox" .checked=${this.inverted} @change=${(event: Event) => this.change({ inverted: (event.target as HTMLInputElement).checked })} /> Inverted</label
        >
      </fieldset>
      ${this.planes(facts)}
    `;
  }

  private choose(rule: string): void {
    if (rule !== "own") this.change({ cuts: rule as Rule });
  }

  private planes({ planes }: ImageFacts): TemplateResult {
    if (planes.length === 0) {
      return html`<fieldset>
        <legend>Mask</legend>
        <p class="note">This image has no mask.</p>
      </fieldset>`;
    }
    const looks = looksOf(planes, this.masks);
    const isAnyShown = planes.some(({ name }) => looks[name]!.visible);
    return html`<fieldset>
      <legend>Mask</legend>
      <button class="quiet all" @click=${() => this.all(!isAnyShown)}>${isAnyShown ? "Hide all" : "Show all"}</button>
      <div class="planes">${planes.map((plane) => this.plane(plane, looks[plane.name]!))}</div>
    </fieldset>`;
  }

  private plane({ name, meaning }: Plane, look: MaskLook): TemplateResult {
    return html`<div class="plane">
      <input
        type="color"
        aria-label="Colour of ${name}"
        .value=${look.colour}
        @input=${(event: Event) => this.mask(name, { colour: (event.target as HTMLInputElement).value, visible: true })}
      />
      <label class="check"
        ><input type="checkbox" .checked=${look.visible} @change=${(event: Event) => this.mask(name, { visible: (event.target as HTMLInputElement).checked })} />
        <span>${name}${meaning ? html`<small>${meaning}</small>` : nothing}</span></label
      >
      ${look.visible
        ? html`<input
            type="range"
            min="0.1"
            max="1"
            step="0.05"
            aria-label="Opacity of ${name}"
            .value=${String(look.opacity)}
            @input=${(event: Event) => this.mask(name, { opacity: Number((event.target as HTMLInputElement).value) })}
          />`
        : nothing}
    </div>`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

define("sp-image-panel", ImagePanel);
