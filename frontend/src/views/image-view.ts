// SPDX-License-Identifier: BSD-3-Clause
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { coloursOf, type ColourMap } from "../image/colours";
import { tellImage } from "../image/events";
import type { ImageSource, Tile } from "../image/facts";
import type { MarkName, Marks } from "../image/marks";
import type { MaskLooks } from "../image/masks";
import { Painter } from "../image/painter";
import { Probe, type Reading } from "../image/probe";
import { Scene } from "../image/scene";
import { compass, scaleBar } from "../image/signs";
import { limits, type Cuts, type Stretch } from "../image/stretch";
import { Viewport, type Centre } from "../image/viewport";
import type { Point } from "../image/wcs";
import { define } from "./define";
import { watchGestures } from "./gestures";
import { Glide } from "./glide";
import { instead, mayPass, trouble, type ImageState } from "./image-messages";
import { colourBar, compassSign, readout, scaleSign, spoken } from "./image-overlay";
import { style } from "./image-view.style";
import { icon } from "./icons";
import { base, controls } from "./style";

const REST_MS = 150;
const AGAIN_MS = 1500;
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

  private scene: Scene | null = null;
  private failure: unknown = null;
  private painter: Painter | null = null;
  private view: Viewport | null = null;
  private isFitted = true;
  private screen = { width: 0, height: 0 };
  /** What is pointed at; null where the keys do it, at the middle. */
  private pointer: Point | null = null;
  private usesKeys = false;
  private saying = "";
  private opening = new AbortController();
  private frame = 0;
  private resting = 0;
  private again = 0;
  private seenTiles: readonly Tile[] = [];
  private readonly probe = new Probe(() => this.say());
  private readonly glide = new Glide((view) => this.moveTo(view));
  private readonly observer = new ResizeObserver(() => this.measure());

  constructor() {
    super();
    this.source = null;
    this.label = "Image";
    this.stretch = "linear";
    this.cuts = "zscale";
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
    if (changed.has("centre")) this.take(this.centre);
    if (changed.has("marks")) this.scene?.place(this.marks);
    this.schedule();
  }

  /** All of the image. */
  fit(): void {
    if (this.scene) this.glideTo(Viewport.fit(this.scene.facts, this.screen));
  }

  /** Put a position (ICRS degrees) in the middle; false where the image does not show it. */
  show(ra: number, dec: number, zoom?: number): boolean {
    const point = this.scene?.wcs.toPixel(ra, dec);
    if (!point || !this.view?.holds(point)) return false;
    this.moveTo(this.view.at({ ...point, zoom: zoom ?? this.view.centre.zoom }));
    return true;
  }

  /** What is in the middle now, in pixels of the full image; null while nothing is shown. */
  get seen(): Centre | null {
    return this.view && this.scene && this.scene.full(this.view.centre);
  }

  /** What is seen of the image, as a polygon on the sky (ICRS degrees); null where there is no sky. */
  get corners(): [number, number][] | null {
    const seen = this.view?.seen;
    const { scene } = this;
    if (!seen || !scene) return null;
    const { left, right, low, high } = seen;
    const found = [[left, low], [right, low], [right, high], [left, high]].map(([x, y]) => scene.wcs.toSky(x!, y!));
    return found.every((each) => each !== null) ? found.map((each) => [each!.ra, each!.dec]) : null;
  }

  private retry(): void {
    this.scene?.tiles.retry();
    this.requestUpdate();
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
    this.probe.forget();
    this.scene?.tiles.close();
    this.scene = null;
    clearTimeout(this.resting);
    clearTimeout(this.again);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private open(): void {
    this.close();
    const { source } = this;
    this.failure = null;
    this.view = null;
    this.pointer = null;
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
      const changed = () => {
        this.schedule();
        this.requestUpdate();
      };
      this.scene = new Scene(source, facts, changed, (tile) => this.painter?.drop(tile), this.megabytes * 2 ** 20);
      this.state = "drawing";
      this.scene.place(this.marks);
      this.take(this.centre);
      tellImage(this, "sp-image-facts", facts);
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
      this.state = "failed";
      // What serves images starts last: who comes early need not ask again.
      if (mayPass(error)) this.again = window.setTimeout(() => void this.read(source, signal), AGAIN_MS);
    }
    this.requestUpdate();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.screen = { width, height };
    // On whole pixels of the screen, or the browser would smooth what we draw.
    const box = this.stage.getBoundingClientRect();
    const { style } = this.renderRoot.querySelector<HTMLCanvasElement>("canvas.picture")!;
    [style.left, style.top] = [`${Math.round(box.left) - box.left}px`, `${Math.round(box.top) - box.top}px`];
    [style.width, style.height] = [`${width}px`, `${height}px`];
    if (this.view && !this.isFitted) this.view = this.view.on(this.screen);
    else this.take(this.centre);
    this.schedule();
    this.requestUpdate();
  }

  /** Look where the page says. */
  private take(centre: Centre | null): void {
    if (!this.scene || !this.screen.width) return;
    const fit = Viewport.fit(this.scene.facts, this.screen);
    this.view = centre ? fit.at(this.scene.own(centre)) : fit;
    this.isFitted = centre === null;
    this.schedule();
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
    this.schedule();
    this.requestUpdate();
    this.ask();
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
    const { painter, scene, view } = this;
    if (!painter || !scene || !view) return;
    const density = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.screen.width * density), Math.round(view.screen.height * density)];
    const { canvas } = painter;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    this.tellSeen(scene.draw(painter, view, this));
    this.state = scene.tiles.missing > 0 ? "drawing" : "done";
  }

  private tellSeen(now: readonly Tile[]): void {
    if (now.length === this.seenTiles.length && now.every((tile, index) => tile === this.seenTiles[index])) return;
    this.seenTiles = now;
    tellImage(this, "sp-image-seen", now);
  }

  private onHover(point: Point | null): void {
    this.pointer = point;
    this.usesKeys = false;
    this.requestUpdate();
    this.ask();
  }

  /** The pixel that is pointed at, by hand or by the keys; of this image, from 0. */
  private get pointed(): Point | null {
    if (!this.view) return null;
    if (this.pointer) return this.view.toImage(this.pointer);
    return this.usesKeys ? { x: this.view.centre.x, y: this.view.centre.y } : null;
  }

  private ask(): void {
    this.probe.moved(() => {
      const { scene, view, pointed } = this;
      return scene && view && pointed && { scene, view, point: pointed };
    });
  }

  private get reading(): Reading | null {
    const { scene, view, pointed } = this;
    return scene && view && pointed && this.probe.reading(scene, view, pointed);
  }

  /** Once the pointer rests, in words. */
  private say(): void {
    this.saying = spoken(this.reading, this.scene?.facts.unit ?? null);
    this.requestUpdate();
  }

  private onClick(screen: Point): void {
    const { view, scene } = this;
    if (!view || !scene) return;
    const point = view.toImage(screen);
    const mark = scene.markNear(point, NEAR / view.centre.zoom);
    if (this.tool === "point") void this.point(scene, point, mark);
    else if (mark) tellImage(this, "sp-image-mark", mark);
  }

  /** Tell the place that somebody chose, with the exact value there. */
  private async point(scene: Scene, point: Point, mark: MarkName | null): Promise<void> {
    if (!this.view?.holds(point)) return;
    const sky = scene.wcs.toSky(point.x, point.y);
    try {
      const found = await scene.valueAt(point, this.opening.signal);
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
      "1": () => this.glideTo(view.at({ ...view.centre, zoom: 1 })),
      Enter: () => this.onClick({ x: view.screen.width / 2, y: view.screen.height / 2 }),
    };
    const run = does[event.key];
    if (!run) return;
    event.preventDefault();
    this.pointer = null;
    this.usesKeys = true;
    run();
    this.ask();
    this.requestUpdate();
  }

  private onFocus(): void {
    if (this.stage.matches(":focus-visible")) this.usesKeys = true;
    this.ask();
  }

  protected override updated(): void {
    const bar = this.renderRoot.querySelector<HTMLCanvasElement>(".bar canvas");
    const paint = bar?.getContext("2d");
    if (!bar || !paint) return;
    const shades = coloursOf(this.colours, this.inverted);
    paint.putImageData(new ImageData(new Uint8ClampedArray(shades), shades.length / 4, 1), 0, 0);
  }

  override render(): TemplateResult {
    const { scene, view } = this;
    const unit = scene?.facts.unit ?? null;
    const signs = scene && view && this.state !== "blind";
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
        ${signs ? this.signs(scene, view) : nothing}
      </div>
      ${signs ? this.tools(view) : nothing} ${trouble(scene?.tiles.failed ?? [], () => this.retry())}
      ${instead(this.state, this.failure, this.source?.picture ?? null, this.label, () => this.open())}
      <span class="visually-hidden" id="keys">Arrows move, with Shift by a pixel; plus and minus zoom, 0 shows all, 1 single pixels.</span>
      <div class="visually-hidden" role="status" data-testid="image-spoken">${this.saying}</div>
      <div class="foot" ?hidden=${!signs}>
        ${readout(this.reading, unit, HINT)} ${scene ? colourBar(limits(this.cuts, scene.facts.statistics), unit) : nothing}
      </div>
    `;
  }

  private signs({ wcs }: Scene, view: Viewport): TemplateResult {
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
      <button aria-label="One pixel of the image a pixel of the screen" title="Single pixels (1)" @click=${() => this.glideTo(view.at({ ...view.centre, zoom: 1 }))}>1:1</button>
    </div>`;
  }
}

define("sp-image-view", ImageView);
