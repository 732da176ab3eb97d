// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { coloursOf, type ColourMap } from "../image/colours";
import { tellImage } from "../image/events";
import { tileOf, type ImageFacts, type ImageSource, type PixelValue, type Tile } from "../image/facts";
import { nearestMark, placed, type MarkName, type Marks, type Placed } from "../image/marks";
import { looksOf, maskColours, planesIn, rgbOf, type MaskLooks } from "../image/masks";
import { Painter, type Drawn } from "../image/painter";
import { Pyramid, type TileName } from "../image/pyramid";
import { compass, scaleBar } from "../image/signs";
import { limits, type Cuts, type Stretch } from "../image/stretch";
import { Tiles } from "../image/tiles";
import { Viewport, type Centre } from "../image/viewport";
import { wcsOf, type Point, type Wcs } from "../image/wcs";
import { define } from "./define";
import { watchGestures } from "./gestures";
import { Glide } from "./glide";
import { compassSign, figure, readout, scaleSign, spoken, type Reading } from "./image-overlay";
import { style } from "./image-view.style";
import { icon } from "./icons";
import { base, controls } from "./style";

/** What an image view is doing. */
export type ImageState = "empty" | "opening" | "drawing" | "done" | "failed" | "blind";

/** An image that is open: everything that belongs to one source. */
interface Opened {
  facts: ImageFacts;
  wcs: Wcs;
  pyramid: Pyramid;
  tiles: Tiles;
}

const REST_MS = 150;
const NOTHING = rgbOf("#4d5f78");
const NEAR = 9;
const HINT = "Point at the image to read its pixels";

/**
 * An image at full depth: floats that are stretched and coloured here, so that another look fetches nothing.
 *
 * Its state is in its properties. What hands do is told by the events of `ImageEvents`.
 */
export class ImageView extends LitElement {
  static override styles = [base, controls, style];
  static override properties = {
    source: { attribute: false },
    label: {},
    stretch: {},
    cuts: { attribute: false },
    colours: {},
    inverted: { type: Boolean },
    masks: { attribute: false },
    centre: { attribute: false },
    marks: { attribute: false },
    highlight: { attribute: false },
    tool: {},
    megabytes: { type: Number },
    state: { reflect: true },
  };

  /** Where the image is read from; null for none. */
  declare source: ImageSource | null;
  declare label: string;
  declare stretch: Stretch;
  declare cuts: Cuts;
  declare colours: ColourMap;
  declare inverted: boolean;
  declare masks: MaskLooks;
  /** What is in the middle, in pixels of the full image; null for all of it. */
  declare centre: Centre | null;
  declare marks: readonly Marks[];
  declare highlight: MarkName | null;
  /** What a click does: choose a mark, or point at a place. */
  declare tool: "look" | "point";
  /** How much memory tiles may take. */
  declare megabytes: number;
  declare state: ImageState;

  private opened: Opened | null = null;
  private failure: unknown = null;
  private painter: Painter | null = null;
  private view: Viewport | null = null;
  private isFitted = true;
  private screen = { width: 0, height: 0 };
  private placedMarks: Placed[] = [];
  /** What is pointed at; null where the keys do it, at the middle. */
  private pointer: Point | null = null;
  private usesKeys = false;
  private exact: PixelValue | null = null;
  private saying = "";
  private opening = new AbortController();
  private reading = new AbortController();
  private frame = 0;
  private resting = 0;
  private asking = 0;
  private seenTiles: readonly Tile[] = [];
  private readonly glide = new Glide((view) => this.moveTo(view));
  private readonly observer = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.source = null;
    this.label = "Image";
    this.stretch = "asinh";
    this.cuts = "99%";
    this.colours = "grey";
    this.inverted = false;
    this.masks = {};
    this.centre = null;
    this.marks = [];
    this.highlight = null;
    this.tool = "look";
    this.megabytes = 256;
    this.state = "empty";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
    this.close();
    this.glide.stop();
    this.painter?.close();
    this.painter = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Taken out of the page and put back, as docking does.
    if (this.hasUpdated) {
      this.renderRoot.querySelector("canvas.picture")!.replaceWith(this.freshCanvas());
      this.start();
      this.open();
    }
  }

  override firstUpdated(): void {
    const { stage } = this;
    watchGestures(stage, {
      push: (dx, dy) => this.steer((view) => view.pushed(dx, dy)),
      zoom: (factor, point) => this.steer((view) => view.zoomed(factor, point)),
      click: (point) => this.onClick(point),
      doubleClick: (point, isBack) => this.tool === "look" && this.view && this.glideTo(this.view.zoomed(isBack ? 0.5 : 2, point)),
      hover: (point) => this.onHover(point),
    });
    this.start();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source")) this.open();
    if (changed.has("centre") && this.opened) this.take(this.centre);
    if (changed.has("marks")) this.place();
    this.schedule();
  }

  /** All of the image. */
  fit(): void {
    if (this.opened) this.glideTo(Viewport.fit(this.opened.facts, this.screen));
  }

  /** Put a position (ICRS degrees) in the middle; false where the image does not show it. */
  show(ra: number, dec: number, zoom?: number): boolean {
    const point = this.opened?.wcs.toPixel(ra, dec);
    if (!point || !this.view?.holds(point)) return false;
    this.moveTo(this.view.at({ ...point, zoom: zoom ?? this.view.centre.zoom }));
    return true;
  }

  /** What is in the middle now, in pixels of the full image; null while nothing is shown. */
  get seen(): Centre | null {
    if (!this.view || !this.opened) return null;
    const { origin } = this.opened.facts;
    const { x, y, zoom } = this.view.centre;
    return { x: x + origin[0], y: y + origin[1], zoom };
  }

  /** What is seen of the image, as a polygon on the sky (ICRS degrees); null where there is no sky. */
  get corners(): [number, number][] | null {
    const seen = this.view?.seen;
    if (!seen || !this.opened) return null;
    const { left, right, low, high } = seen;
    const found = [[left, low], [right, low], [right, high], [left, high]].map(([x, y]) => this.opened!.wcs.toSky(x!, y!));
    return found.every((each) => each !== null) ? found.map((each) => [each!.ra, each!.dec]) : null;
  }

  private get stage(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".stage")!;
  }

  private freshCanvas(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.className = "picture";
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  }

  private start(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>("canvas.picture")!;
    this.observer.observe(this.stage);
    try {
      this.painter = new Painter(canvas);
    } catch {
      this.close();
      this.state = "blind";
      return;
    }
    canvas.addEventListener("webglcontextlost", (event) => {
      // Prevented, the browser gives the context back when it can; tiles are still here.
      event.preventDefault();
      this.painter = null;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.painter = new Painter(canvas);
      this.schedule();
    });
    this.measure();
  }

  private close(): void {
    this.opening.abort();
    this.reading.abort();
    this.opened?.tiles.close();
    this.opened = null;
    clearTimeout(this.resting);
    clearTimeout(this.asking);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private open(): void {
    this.close();
    const { source } = this;
    this.failure = null;
    this.view = null;
    this.exact = null;
    this.pointer = null;
    this.placedMarks = [];
    this.seenTiles = [];
    if (this.state === "blind") return;
    this.state = source ? "opening" : "empty";
    this.opening = new AbortController();
    if (source) void this.read(source, this.opening.signal);
  }

  private async read(source: ImageSource, signal: AbortSignal): Promise<void> {
    try {
      const facts = await source.facts(signal);
      if (signal.aborted) return;
      const pyramid = new Pyramid(facts);
      const fetch = async ({ level, row, column }: TileName, stop: AbortSignal) => tileOf(await source.tile(facts, level, row, column, stop));
      const changed = () => {
        this.schedule();
        this.requestUpdate();
      };
      const tiles = new Tiles(fetch, changed, (tile) => this.painter?.drop(tile), this.megabytes * 2 ** 20);
      this.opened = { facts, wcs: wcsOf(facts.wcs), pyramid, tiles };
      this.state = "drawing";
      this.take(this.centre);
      this.place();
      this.schedule();
      tellImage(this, "sp-image-facts", facts);
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
      this.state = "failed";
    }
    this.requestUpdate();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.screen = { width, height };
    if (this.opened) {
      if (this.view && !this.isFitted) this.view = this.view.on(this.screen);
      else this.take(this.centre);
    }
    this.schedule();
    this.requestUpdate();
  }

  /** Look where the page says. */
  private take(centre: Centre | null): void {
    if (!this.opened || !this.screen.width) return;
    const { facts } = this.opened;
    const fit = Viewport.fit(facts, this.screen);
    this.view = centre ? fit.at({ x: centre.x - facts.origin[0], y: centre.y - facts.origin[1], zoom: centre.zoom }) : fit;
    this.isFitted = centre === null;
    this.schedule();
  }

  private place(): void {
    if (this.opened) this.placedMarks = this.marks.map((each) => placed(each, this.opened!.wcs, this.opened!.facts.origin));
  }

  private glideTo(view: Viewport): void {
    if (this.view) this.glide.from(this.view, view);
  }

  /** By hand: what was gliding stops. */
  private steer(by: (view: Viewport) => Viewport): void {
    this.glide.stop();
    if (this.view) this.moveTo(by(this.view));
  }

  private moveTo(view: Viewport): void {
    this.view = view;
    const fit = Viewport.fit(view.image, this.screen).centre;
    this.isFitted = fit.x === view.centre.x && fit.y === view.centre.y && fit.zoom === view.centre.zoom;
    this.exact = null;
    this.schedule();
    this.requestUpdate();
    this.askSoon();
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.rested(), REST_MS);
  }

  private rested(): void {
    const centre = this.seen;
    if (centre) tellImage(this, "sp-image-render", { centre });
  }

  private schedule(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { painter, opened, view } = this;
    if (!painter || !opened || !view) return;
    const { facts, pyramid, tiles } = opened;
    const density = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.screen.width * density), Math.round(view.screen.height * density)];
    const { canvas } = painter;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const seen = pyramid.seen(view, pyramid.levelFor(view.centre.zoom, density));
    // The whole image comes first, coarse, and stays to stand in for what is missing.
    tiles.want([{ level: pyramid.last, row: 0, column: 0 }, ...seen]);
    const drawn: Drawn[] = [];
    for (const patch of pyramid.patches(seen, (tile) => tiles.has(tile))) drawn.push({ tile: tiles.get(patch.tile)!, patch });
    painter.draw(
      view,
      drawn,
      {
        stretch: this.stretch,
        limits: limits(this.cuts, facts.statistics),
        colours: coloursOf(this.colours, this.inverted),
        nothing: NOTHING,
        planes: maskColours(facts.planes, looksOf(facts.planes, this.masks)),
      },
      facts.tile,
    );
    painter.mark(view, this.placedMarks, this.highlighted);
    this.tellSeen(drawn);
    this.state = tiles.missing > 0 ? "drawing" : "done";
  }

  private tellSeen(drawn: readonly Drawn[]): void {
    const now = [...new Set(drawn.map(({ tile }) => tile))];
    if (now.length === this.seenTiles.length && now.every((tile, index) => tile === this.seenTiles[index])) return;
    this.seenTiles = now;
    tellImage(this, "sp-image-seen", now);
  }

  private get highlighted(): { x: number; y: number; rgb: [number, number, number] } | null {
    if (!this.highlight) return null;
    const list = this.placedMarks[this.highlight.list];
    const [x, y] = [list?.pixels[2 * this.highlight.index], list?.pixels[2 * this.highlight.index + 1]];
    return list && x !== undefined && y !== undefined && Number.isFinite(x) ? { x, y, rgb: list.rgb } : null;
  }

  private onHover(point: Point | null): void {
    this.pointer = point;
    this.usesKeys = false;
    this.exact = null;
    this.requestUpdate();
    this.askSoon();
  }

  /** The pixel that is pointed at, by hand or by the keys; of this image, from 0. */
  private get pointed(): Point | null {
    if (!this.view) return null;
    if (this.pointer) return this.view.toImage(this.pointer);
    return this.usesKeys ? { x: this.view.centre.x, y: this.view.centre.y } : null;
  }

  /** Read a value where no tile of single pixels has it, once the pointer rests. */
  private askSoon(): void {
    clearTimeout(this.asking);
    this.reading.abort();
    this.asking = window.setTimeout(() => void this.ask(), REST_MS);
  }

  private async ask(): Promise<void> {
    const point = this.pointed;
    if (point && this.view?.holds(point) && !this.valueHere(point)) {
      this.reading = new AbortController();
      this.exact = await this.valueAt(point, this.reading.signal).catch(() => null);
    }
    this.saying = spoken(this.readingOf(point), this.opened?.facts.unit ?? null);
    this.requestUpdate();
  }

  private valueAt(point: Point, signal: AbortSignal): Promise<PixelValue> {
    return this.source!.value(Math.floor(point.x + 0.5), Math.floor(point.y + 0.5), signal);
  }

  private valueHere(point: Point): Pick<PixelValue, "value" | "flags"> | null {
    const { facts, tiles } = this.opened!;
    const [x, y] = [Math.floor(point.x + 0.5), Math.floor(point.y + 0.5)];
    const tile = tiles.get({ level: 0, row: Math.floor(y / facts.tile), column: Math.floor(x / facts.tile) });
    if (!tile) return this.exact?.x === x && this.exact.y === y ? this.exact : null;
    const index = (y % facts.tile) * tile.width + (x % facts.tile);
    const value = tile.image[index]!;
    return { value: Number.isFinite(value) ? value : null, flags: tile.mask ? planesIn(tile.mask[index]!, facts.planes) : [] };
  }

  private readingOf(point: Point | null): Reading | null {
    if (!point || !this.opened || !this.view) return null;
    const [x, y] = this.opened.facts.origin;
    const isInside = this.view.holds(point);
    return {
      x: Math.floor(point.x + 0.5) + x,
      y: Math.floor(point.y + 0.5) + y,
      sky: this.opened.wcs.toSky(point.x, point.y),
      value: isInside ? this.valueHere(point) : null,
      isInside,
    };
  }

  private onClick(screen: Point): void {
    if (!this.view) return;
    const point = this.view.toImage(screen);
    const mark = nearestMark(this.placedMarks, point.x, point.y, NEAR / this.view.centre.zoom);
    if (this.tool === "point") void this.point(point, mark);
    else if (mark) tellImage(this, "sp-image-mark", mark);
  }

  /** Tell the place that somebody chose, with the exact value there. */
  private async point(point: Point, mark: MarkName | null): Promise<void> {
    if (!this.view?.holds(point) || !this.opened) return;
    const sky = this.opened.wcs.toSky(point.x, point.y);
    try {
      const found = await this.valueAt(point, this.opening.signal);
      tellImage(this, "sp-image-point", { ...found, ra: sky?.ra ?? null, dec: sky?.dec ?? null, mark });
    } catch (error) {
      if (!this.opening.signal.aborted) this.notice(error);
    }
  }

  private notice(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.dispatchEvent(new CustomEvent("sp-notice", { detail, bubbles: true, composed: true }));
  }

  private onKey(event: KeyboardEvent): void {
    const { view } = this;
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
    // By a pixel with Shift, so that each can be read.
    const [across, up] = event.shiftKey ? [view.centre.zoom, view.centre.zoom] : [view.screen.width / 8, view.screen.height / 8];
    const does: Record<string, () => void> = {
      ArrowLeft: () => this.steer((now) => now.pushed(across, 0)),
      ArrowRight: () => this.steer((now) => now.pushed(-across, 0)),
      ArrowUp: () => this.steer((now) => now.pushed(0, up)),
      ArrowDown: () => this.steer((now) => now.pushed(0, -up)),
      "+": () => this.glideTo(view.zoomed(2)),
      "=": () => this.glideTo(view.zoomed(2)),
      "-": () => this.glideTo(view.zoomed(0.5)),
      "0": () => this.fit(),
      "1": () => this.glideTo(view.zoomed(1 / view.centre.zoom)),
      Enter: () => this.onClick({ x: view.screen.width / 2, y: view.screen.height / 2 }),
    };
    const run = does[event.key];
    if (!run) return;
    event.preventDefault();
    this.pointer = null;
    this.usesKeys = true;
    run();
    this.askSoon();
    this.requestUpdate();
  }

  private onFocus(): void {
    if (this.stage.matches(":focus-visible")) this.usesKeys = true;
    this.askSoon();
  }

  protected override updated(): void {
    const bar = this.renderRoot.querySelector<HTMLCanvasElement>(".bar canvas");
    const paint = bar?.getContext("2d");
    if (!bar || !paint) return;
    const shades = coloursOf(this.colours, this.inverted);
    paint.putImageData(new ImageData(new Uint8ClampedArray(shades), shades.length / 4, 1), 0, 0);
  }

  override render(): TemplateResult {
    const { opened, view } = this;
    const point = this.pointed;
    const unit = opened?.facts.unit ?? null;
    const signs = opened && view && this.state !== "blind";
    return html`
      <div
        class="stage"
        tabindex="0"
        role="application"
        aria-label=${this.label}
        aria-describedby="keys"
        @keydown=${(event: KeyboardEvent) => event.target === event.currentTarget && this.onKey(event)}
        @focus=${() => this.onFocus()}
        @blur=${() => (this.usesKeys = false)}
      >
        <canvas class="picture" aria-hidden="true"></canvas>
        ${signs ? this.signs(opened, view) : nothing}
      </div>
      ${signs ? this.tools(view) : nothing} ${this.trouble()} ${this.instead()}
      <span class="visually-hidden" id="keys">Arrows move, with Shift by a pixel; plus and minus zoom, 0 shows all, 1 single pixels.</span>
      <div class="visually-hidden" role="status" data-testid="image-spoken">${this.saying}</div>
      <div class="foot" ?hidden=${!signs}>
        ${readout(this.readingOf(point), unit, HINT)} ${opened ? this.bar(opened, unit) : nothing}
      </div>
    `;
  }

  private signs({ wcs }: Opened, view: Viewport): TemplateResult {
    const { centre, screen } = view;
    const bar = scaleBar(wcs, centre, centre.zoom, Math.min(160, screen.width / 4));
    const arrows = compass(wcs, centre);
    return html`
      ${bar ? html`<div class="sign at-scale">${scaleSign(bar)}</div>` : nothing}
      ${arrows ? html`<div class="sign at-compass">${compassSign(arrows)}</div>` : nothing}
      <div class="sign cross">
        <svg width="34" height="34" viewBox="-17 -17 34 34" aria-hidden="true">
          <path class="halo" d="M-15 0h10M15 0h-10M0-15v10M0 15v-10" />
          <path d="M-15 0h10M15 0h-10M0-15v10M0 15v-10" />
        </svg>
      </div>
      ${this.state === "drawing" ? html`<div class="progress" aria-hidden="true"><i></i></div>` : nothing}
    `;
  }

  private tools(view: Viewport): TemplateResult {
    return html`<div class="tools" role="group" aria-label="Zoom">
      <button aria-label="Zoom in" title="Zoom in (+)" @click=${() => this.glideTo(view.zoomed(2))}>${icon("plus")}</button>
      <button aria-label="Zoom out" title="Zoom out (-)" @click=${() => this.glideTo(view.zoomed(0.5))}>${icon("minus")}</button>
      <button aria-label="Show all of the image" title="All of the image (0)" @click=${() => this.fit()}>${icon("fit")}</button>
      <button aria-label="One pixel of the image a pixel of the screen" title="Single pixels (1)" @click=${() => this.glideTo(view.zoomed(1 / view.centre.zoom))}>1:1</button>
    </div>`;
  }

  private bar({ facts }: Opened, unit: string | null): TemplateResult {
    const [low, high] = limits(this.cuts, facts.statistics);
    return html`<div class="bar" data-testid="colour-bar">
      <span>${figure(Number(low.toPrecision(4)))}</span>
      <canvas width="256" height="1" role="img" aria-label="Colours from the lower to the upper cut"></canvas>
      <span>${figure(Number(high.toPrecision(4)))}${unit ? ` ${unit}` : ""}</span>
    </div>`;
  }

  private trouble(): TemplateResult | typeof nothing {
    const failed = this.opened?.tiles.failed ?? [];
    if (failed.length === 0) return nothing;
    const [first] = failed;
    return html`<div class="trouble" role="alert">
      <span>${failed.length === 1 ? "A tile" : `${failed.length} tiles`} could not be read. ${first instanceof Error ? first.message : ""}</span>
      <button
        @click=${() => {
          this.opened?.tiles.retry();
          this.requestUpdate();
        }}
      >
        Try again
      </button>
    </div>`;
  }

  /** What stands where the image would be. */
  private instead(): TemplateResult | typeof nothing {
    switch (this.state) {
      case "empty":
        return message("No image", "Open one from a row of a result that has images.");
      case "opening":
        return html`<div class="message" role="status"><p>Reading the image\u2026</p></div>`;
      case "failed":
        return message(
          "The image cannot be shown",
          this.failure instanceof Error ? this.failure.message : String(this.failure),
          html`<button @click=${() => this.open()}>Try again</button>`,
        );
      case "blind":
        return message(
          "This browser does not draw with WebGL 2",
          "Switch hardware acceleration on in its settings, or use a current Chromium, Firefox or Safari. Below is a picture that the instance made.",
          this.source?.picture ? html`<img src=${this.source.picture} alt=${this.label} />` : nothing,
        );
      default:
        return nothing;
    }
  }
}

function message(title: string, text: string, then: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="message" role="status"><h2>${title}</h2><p>${text}</p>${then}</div>`;
}

define("sp-image-view", ImageView);
