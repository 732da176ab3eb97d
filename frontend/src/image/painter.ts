// SPDX-License-Identifier: BSD-3-Clause
import type { Tile } from "./facts";
import type { Placed } from "./marks";
import type { Patch } from "./pyramid";
import { MARK_FRAGMENT, MARK_VERTEX, TILE_FRAGMENT, TILE_VERTEX } from "./shaders";
import type { Stretch } from "./stretch";
import type { Viewport } from "./viewport";

/** How values look. */
export interface Paint {
  stretch: Stretch;
  limits: readonly [number, number];
  /** 256 colours, as `coloursOf` makes them. */
  colours: Uint8Array;
  /** Of pixels without a value; red, green, blue from 0 to 1. */
  nothing: readonly [number, number, number];
  /** Of each of 32 bits of the mask, as `maskColours` makes them. */
  planes: Float32Array;
}

export interface Drawn {
  tile: Tile;
  patch: Patch;
}

const MARK = 11;
const HIGHLIGHT = 25;

/** Draws tiles and marks on a canvas. All of a look is uniforms: to change it sends no pixels. */
export class Painter {
  private readonly gl: WebGL2RenderingContext;
  private readonly tiles: Program;
  private readonly marks: Program;
  private readonly colours: WebGLTexture;
  private readonly noMask: WebGLTexture;
  private readonly textures = new Map<Tile, { image: WebGLTexture; mask: WebGLTexture | null }>();
  private readonly buffers = new Map<Placed, { buffer: WebGLBuffer; count: number }>();
  private readonly empty: WebGLVertexArrayObject;
  private readonly one: WebGLBuffer;

  /** Raises where the browser cannot draw so. */
  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, preserveDrawingBuffer: false });
    if (!gl) throw new Error("WebGL 2 is not available");
    this.gl = gl;
    this.tiles = new Program(gl, TILE_VERTEX, TILE_FRAGMENT);
    this.marks = new Program(gl, MARK_VERTEX, MARK_FRAGMENT);
    this.colours = texture(gl);
    this.noMask = texture(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32I, 1, 1, 0, gl.RED_INTEGER, gl.INT, new Int32Array(1));
    this.empty = gl.createVertexArray();
    this.one = gl.createBuffer();
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** Give the textures of a tile back. */
  drop(tile: Tile): void {
    const found = this.textures.get(tile);
    if (!found) return;
    this.gl.deleteTexture(found.image);
    this.gl.deleteTexture(found.mask);
    this.textures.delete(tile);
  }

  /** Give everything back. */
  close(): void {
    for (const tile of [...this.textures.keys()]) this.drop(tile);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  draw(view: Viewport, patches: readonly Drawn[], paint: Paint, tileSide: number): void {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.disable(gl.BLEND);
    gl.useProgram(this.tiles.program);
    gl.bindVertexArray(this.empty);
    const at = (name: string) => this.tiles.at(name);
    gl.uniform1i(at("image"), 0);
    gl.uniform1i(at("mask"), 1);
    gl.uniform1i(at("colours"), 2);
    gl.uniform2f(at("cuts"), paint.limits[0], paint.limits[1]);
    gl.uniform1i(at("stretch"), STRETCH_NUMBERS[paint.stretch]);
    gl.uniform3f(at("nothing"), ...paint.nothing);
    gl.uniform4fv(at("planes"), paint.planes);
    gl.uniform1i(at("shown"), bitsShown(paint.planes));
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, paint.colours.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, paint.colours);
    for (const { tile, patch } of patches) this.patch(view, tile, patch, tileSide);
  }

  /** Draw marks, and one of them larger. */
  mark(view: Viewport, lists: readonly Placed[], highlight: { x: number; y: number; rgb: readonly [number, number, number] } | null): void {
    const { gl } = this;
    gl.useProgram(this.marks.program);
    gl.bindVertexArray(this.empty);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const { x, y, zoom } = view.centre;
    const [middleX, middleY] = middle(view);
    gl.uniform2f(this.marks.at("centre"), x - middleX, y - middleY);
    gl.uniform2f(this.marks.at("scale"), (2 * zoom) / view.screen.width, (2 * zoom) / view.screen.height);
    for (const known of this.buffers.keys()) if (!lists.includes(known)) this.forget(known);
    for (const list of lists) {
      const { buffer, count } = this.buffer(list, view);
      this.ring(MARK, 1.4, list.rgb);
      this.points(buffer, count);
    }
    if (highlight) {
      this.ring(HIGHLIGHT, 2.4, highlight.rgb);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.one);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([highlight.x - middleX, highlight.y - middleY]), gl.DYNAMIC_DRAW);
      this.points(this.one, 1);
    }
    gl.disable(gl.BLEND);
  }

  private patch(view: Viewport, tile: Tile, { tile: name, part }: Patch, tileSide: number): void {
    const { gl } = this;
    const { image, mask } = this.uploaded(tile);
    const first = view.toScreen({ x: part.left, y: part.low });
    const last = view.toScreen({ x: part.right, y: part.high });
    const { width, height } = view.screen;
    gl.uniform4f(
      this.tiles.at("place"),
      (2 * first.x) / width - 1,
      1 - (2 * first.y) / height,
      (2 * last.x) / width - 1,
      1 - (2 * last.y) / height,
    );
    const size = 2 ** name.level;
    const [left, low] = [name.column * tileSide * size - 0.5, name.row * tileSide * size - 0.5];
    gl.uniform4f(this.tiles.at("texels"), (part.left - left) / size, (part.low - low) / size, (part.right - left) / size, (part.high - low) / size);
    gl.uniform1i(this.tiles.at("masked"), mask ? 1 : 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, image);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, mask ?? this.noMask);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  private uploaded(tile: Tile): { image: WebGLTexture; mask: WebGLTexture | null } {
    const found = this.textures.get(tile);
    if (found) return found;
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    const image = texture(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, tile.width, tile.height, 0, gl.RED, gl.FLOAT, tile.image);
    let mask: WebGLTexture | null = null;
    if (tile.mask) {
      mask = texture(gl);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32I, tile.width, tile.height, 0, gl.RED_INTEGER, gl.INT, tile.mask);
    }
    this.textures.set(tile, { image, mask });
    return { image, mask };
  }

  private buffer(list: Placed, view: Viewport): { buffer: WebGLBuffer; count: number } {
    const found = this.buffers.get(list);
    if (found) return found;
    const [x, y] = middle(view);
    const count = list.pixels.length / 2;
    const near = new Float32Array(2 * count);
    for (let index = 0; index < count; index++) {
      near[2 * index] = list.pixels[2 * index]! - x;
      near[2 * index + 1] = list.pixels[2 * index + 1]! - y;
    }
    const buffer = this.gl.createBuffer();
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, near, this.gl.STATIC_DRAW);
    this.buffers.set(list, { buffer, count });
    return { buffer, count };
  }

  private forget(list: Placed): void {
    this.gl.deleteBuffer(this.buffers.get(list)!.buffer);
    this.buffers.delete(list);
  }

  private ring(size: number, width: number, rgb: readonly [number, number, number]): void {
    const density = this.canvas.width / Math.max(1, this.canvas.clientWidth);
    this.gl.uniform1f(this.marks.at("size"), size * density);
    this.gl.uniform1f(this.marks.at("width"), width * density);
    this.gl.uniform3f(this.marks.at("colour"), ...rgb);
  }

  private points(buffer: WebGLBuffer, count: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    const pixel = gl.getAttribLocation(this.marks.program, "pixel");
    gl.enableVertexAttribArray(pixel);
    gl.vertexAttribPointer(pixel, 2, gl.FLOAT, false, 0, 0);
    gl.drawArrays(gl.POINTS, 0, count);
    gl.disableVertexAttribArray(pixel);
  }
}

const STRETCH_NUMBERS: Record<Stretch, number> = { linear: 0, sqrt: 1, asinh: 2, log: 3 };

/** Marks are counted from here, so that single precision is enough. */
function middle(view: Viewport): [number, number] {
  return [view.image.width / 2, view.image.height / 2];
}

function bitsShown(planes: Float32Array): number {
  let bits = 0;
  for (let bit = 0; bit < 32; bit++) if (planes[4 * bit + 3]! > 0) bits |= 1 << bit;
  return bits;
}

function texture(gl: WebGL2RenderingContext): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ] as const) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
  return made;
}

class Program {
  readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
  ) {
    this.program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
    }
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`The picture cannot be drawn: ${gl.getProgramInfoLog(this.program) ?? "no reason given"}`);
    }
  }

  at(name: string): WebGLUniformLocation | null {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name)!;
  }
}
