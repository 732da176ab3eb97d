// SPDX-License-Identifier: BSD-3-Clause
// Made by `python -m sciplat.wire.typescript`: change the models in src/sciplat/wire.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A tool, which the kernel of whoever made it does. */
export interface ActionEntity {
  /** The user who made it. */
  by: string;
  kind: "action";
  title: string;
  trigger: "point" | "row" | "rows" | "area";
  parameters: Record<string, Parameter>;
  open_to: "registrant" | "editors";
}

/** Use a tool. */
export interface ActionInvoke {
  op: "action.invoke";
  /** Of this use; by it progress and results are told. */
  target: string;
  action: string;
  where: Where;
  /** By the names of the tool's parameters. */
  input?: Record<string, boolean | number | string>;
}

/** Tell how far the use of a tool is, or what came of it; for the kernel that does it. */
export interface ActionProgress {
  op: "action.progress";
  target: string;
  state: "running" | "done" | "failed";
  fraction?: number | null;
  message?: string;
  /** Entities of the view that it made. */
  made?: string[];
}

/** Put a tool into the view, which its registrant's kernel does. */
export interface ActionRegister {
  op: "action.register";
  target: string;
  title: string;
  /** Where it is used; said as where of each use. */
  trigger: "point" | "row" | "rows" | "area";
  /** What it asks beside that. */
  parameters?: Record<string, Parameter>;
  open_to?: "registrant" | "editors";
}

/** Take a tool away. */
export interface ActionUnregister {
  op: "action.unregister";
  target: string;
}

/** A part of an image or the sky. */
export interface Area {
  kind: "area";
  on: string;
  /** Of a polygon: degrees, ICRS. */
  corners: [number, number][];
}

/** A selection that is still being drawn. */
export interface Brush {
  kind: "brush";
  /** The table. */
  target: string;
  selection: Selection | null;
}

/** Which part of an image is seen. */
export interface Centre {
  /** Pixels, from 0 in the middle of the first one, in the full image. */
  x: number;
  y: number;
  /** Pixels of the screen a pixel. */
  zoom: number;
}

/** What is put at a place of the state; without value the place becomes empty. */
export interface Change {
  path: string[];
  value?: JsonValue;
}

/** Draw rows of a table. */
export interface ChartAdd {
  x?: Encoding | null;
  y?: Encoding | null;
  colour?: Encoding | null;
  bins?: number | null;
  title?: string | null;
  op: "chart.add";
  target: string;
  table: string;
  form: "scatter" | "density" | "histogram";
}

/** A chart of rows of a table. */
export interface ChartEntity {
  /** The user who made it. */
  by: string;
  kind: "chart";
  table: string;
  form: "scatter" | "density" | "histogram";
  x: Encoding | null;
  y: Encoding | null;
  colour: Encoding | null;
  bins: number | null;
  title: string | null;
}

/** Change what a chart shows; what is not said stays. */
export interface ChartUpdate {
  x?: Encoding | null;
  y?: Encoding | null;
  colour?: Encoding | null;
  bins?: number | null;
  title?: string | null;
  op: "chart.update";
  target: string;
  form?: "scatter" | "density" | "histogram" | null;
}

/** One of some words. */
export interface ChoiceParameter {
  kind: "choice";
  title?: string;
  choices: string[];
  default?: string | null;
}

/** Take an entity out of the view, and what cannot be without it: the charts and layers of a table. */
export interface Close {
  op: "close";
  target: string;
}

/** Rows for which a condition in ADQL holds. */
export interface ConditionSelection {
  kind: "condition";
  condition: string;
}

/** A dataset of a release. */
export interface DatasetSource {
  kind: "dataset";
  /** Its publisher's identifier (ObsCore 1.1, obs_publisher_did). */
  id: string;
}

/** A column that is worked out from others. */
export interface DerivedColumn {
  expression: string;
  unit: string | null;
  ucd: string | null;
  description: string;
  /** Derived columns stand in the order of this. */
  place: number;
}

/** Do an operation; the answer is done or refused under its id. */
export interface Do {
  type: "do";
  id: string;
  operation: Operation;
}

/** The client's operation is done and kept, now or when it was sent before. */
export interface DoneMessage {
  type: "done";
  id: string;
  revision: number;
}

/** What an axis of a chart shows. */
export interface Encoding {
  expression: string;
  /** As long as the bar to each side; or as the bar below, where error_above is there. */
  error?: string | null;
  error_above?: string | null;
  label?: string | null;
  scale?: "linear" | "log";
  reversed?: boolean;
  /** Where the axis begins; null for where the values do. */
  low?: number | null;
  high?: number | null;
}

/** An operation that was done. */
export interface EntryResponse {
  revision: number;
  id: string;
  actor: string;
  moment: string;
  operation: Operation;
  /** What it changed, in order. */
  patch: Change[];
  /** The revision that it takes back, or does again. */
  of: number | null;
}

/** Why something was refused. */
export interface ErrorFacts {
  code: string;
  message: string;
}

/** The first message: what the client knows of the view already. */
export interface Hello {
  type: "hello";
  /** That its state is at, if it has one. */
  revision?: number | null;
}

/** Point at one row of a table, by its number in the table as it came. */
export interface Highlight {
  op: "highlight";
  target: string;
  row: number | null;
}

/** An image. */
export interface ImageEntity {
  /** The user who made it. */
  by: string;
  kind: "image";
  source: DatasetSource | UploadSource;
  title: string;
  stretch: string;
  cuts: [number, number] | string;
  colours: string;
  inverted: boolean;
  centre: Centre | null;
  masks: Record<string, MaskLook>;
}

/** Show or hide a plane of an image's mask. */
export interface ImageMask {
  op: "image.mask";
  target: string;
  plane: string;
  visible: boolean;
  colour?: string | null;
  opacity?: number | null;
}

/** Show an image. */
export interface ImageOpen {
  op: "image.open";
  target: string;
  source: DatasetSource | UploadSource;
  title?: string;
}

/** Change how an image looks; what is not said stays. */
export interface ImageRender {
  op: "image.render";
  target: string;
  stretch?: "linear" | "log" | "sqrt" | "asinh" | null;
  cuts?: [number, number] | "minmax" | "zscale" | "99%" | null;
  colours?: string | null;
  inverted?: boolean | null;
  centre?: Centre | null;
}

/** A result of a job or query, which is never run again to be seen. */
export interface JobSource {
  kind: "job";
  job: string;
  result?: string;
}

/** Rows whose point of two expressions lies in a polygon. */
export interface LassoSelection {
  kind: "lasso";
  x: string;
  y: string;
  corners: [number, number][];
}

/** Mark rows of a table on an image or the sky. */
export interface LayerAdd {
  op: "layer.add";
  target: string;
  on: string;
  table: string;
  ra: string;
  dec: string;
  colour?: string;
  title?: string;
}

/** Marks of rows of a table on an image or the sky. */
export interface LayerEntity {
  /** The user who made it. */
  by: string;
  kind: "layer";
  on: string;
  table: string;
  ra: string;
  dec: string;
  colour: string;
  title: string;
  visible: boolean;
}

/** Change how marks look; what is not said stays. */
export interface LayerUpdate {
  op: "layer.update";
  target: string;
  visible?: boolean | null;
  colour?: string | null;
  title?: string | null;
}

/** Arrange what is seen; which layouts there are, the Portal knows. */
export interface Layout {
  op: "layout.set";
  layout: Record<string, JsonValue>;
}

/** A part of what was done, in order. */
export interface LogResponse {
  operations: EntryResponse[];
}

/** Where somebody looks while they move. */
export interface Look {
  kind: "look";
  /** The image, in pixels, or the sky, in degrees (ICRS). */
  target: string;
  x: number;
  y: number;
  /** Pixels of the screen a pixel of the image, or a degree. */
  zoom: number;
}

/** How a plane of a mask is drawn. */
export interface MaskLook {
  visible: boolean;
  colour: string;
  opacity: number;
}

/** What a member may do. */
export interface MemberRequest {
  role: "editor" | "viewer";
}

/** Who may see a view, and what else each may. */
export interface MembersResponse {
  members: Record<string, "owner" | "editor" | "viewer">;
}

/** A number. */
export interface NumberParameter {
  kind: "number";
  title?: string;
  unit?: string;
  minimum?: number | null;
  maximum?: number | null;
  default?: number | null;
}

/** A row of a table. */
export interface OneRow {
  kind: "row";
  table: string;
  row: number;
}

/** Somebody has done an operation, be it the client itself. */
export interface OperationMessage {
  type: "operation";
  entry: EntryResponse;
}

/** An operation to be done. */
export interface PerformRequest {
  id: string;
  operation: Operation;
}

/** A place on an image or the sky. */
export interface Point {
  kind: "point";
  /** The image, or the sky. */
  on: string;
  /** Degrees, ICRS; null where an image has no world coordinates. */
  ra?: number | null;
  dec?: number | null;
  /** Pixels, from 0 in the middle of the first one, in the full image; null on the sky. */
  x?: number | null;
  y?: number | null;
  /** Of that pixel, in the image's unit. */
  value?: number | null;
}

/** Where somebody points. */
export interface Pointer {
  kind: "pointer";
  target: string;
  /** In the coordinates of the image, sky or chart. */
  x: number;
  y: number;
}

/** Rows for which expressions lie within bounds, ends included: a brush on one axis, or a box on two. */
export interface RangeSelection {
  kind: "ranges";
  /** Expression, lowest value and highest value of each; null for no bound. */
  ranges: ([string, number | null, number | null])[];
}

/** Do again what was taken back last. */
export interface Redo {
  op: "redo";
}

/** What the client asked for was not done. */
export interface RefusedMessage {
  type: "refused";
  /** Of the operation; null for something that was to be shown. */
  id: string | null;
  error: ErrorFacts;
}

/** Call the view something. */
export interface Rename {
  op: "view.rename";
  title: string;
}

/** The user has another role now. */
export interface RoleMessage {
  type: "role";
  role: "owner" | "editor" | "viewer";
}

/** Rows by their numbers. */
export interface RowSelection {
  kind: "rows";
  rows: number[];
}

/** The rows of a table that are selected when the tool is used. */
export interface Rows {
  kind: "rows";
  table: string;
}

/** Select rows of a table. */
export interface Select {
  op: "select";
  target: string;
  /** Null selects nothing. */
  selection: Selection | null;
}

/** Show something to the others for a moment. */
export interface Show {
  type: "show";
  what: Showing;
}

/** Somebody else shows something for a moment. */
export interface ShownMessage {
  type: "shown";
  actor: string;
  what: Showing;
}

/** A map of the sky. */
export interface SkyEntity {
  /** The user who made it. */
  by: string;
  kind: "sky";
  title: string;
  /** Degrees, ICRS. */
  ra: number | null;
  dec: number | null;
  /** Width of what is seen, degrees. */
  fov: number | null;
  hips: string | null;
}

/** Show the sky. */
export interface SkyOpen {
  /** Degrees, ICRS. */
  ra?: number | null;
  dec?: number | null;
  /** Width of what is seen, degrees. */
  fov?: number | null;
  hips?: string | null;
  op: "sky.open";
  target: string;
  title?: string;
}

/** Look elsewhere; what is not said stays. */
export interface SkyUpdate {
  /** Degrees, ICRS. */
  ra?: number | null;
  dec?: number | null;
  /** Width of what is seen, degrees. */
  fov?: number | null;
  hips?: string | null;
  op: "sky.update";
  target: string;
}

/** A column by which rows are sorted. */
export interface SortKey {
  column: string;
  descending?: boolean;
}

/** The answer to a hello of which too little is known: the view as it is. */
export interface StateMessage {
  /** After which each operation follows as it is done. */
  revision: number;
  role: "owner" | "editor" | "viewer";
  owner: string;
  /** The user who the client acts for. */
  you: string;
  type: "state";
  state: ViewState;
}

/** A view as it is now. */
export interface StateResponse {
  id: string;
  title: string;
  owner: string;
  /** Of who asks. */
  role: "owner" | "editor" | "viewer";
  created: string;
  changed: string;
  /** How many operations were done. */
  revision: number;
  url: string;
  /** Where operations are sent and heard of (WebSocket). */
  socket: string;
  state: ViewState;
}

/** Yes or no. */
export interface SwitchParameter {
  kind: "switch";
  title?: string;
  default?: boolean;
}

/** Show only some columns, in an order; null for all of them. */
export interface TableColumns {
  op: "table.columns";
  target: string;
  columns: string[] | null;
}

/** Add a column that is worked out from others, or change one. */
export interface TableDerive {
  op: "table.derive";
  target: string;
  name: string;
  expression: string;
  unit?: string | null;
  ucd?: string | null;
  description?: string;
}

/** A table. */
export interface TableEntity {
  /** The user who made it. */
  by: string;
  kind: "table";
  source: JobSource | UploadSource;
  title: string;
  derived: Record<string, DerivedColumn>;
  /** Rows for which it does not hold are not shown. */
  condition: string | null;
  sort: SortKey[];
  /** Those that are shown; null for all. */
  columns: string[] | null;
  selection: Selection | null;
  highlight: number | null;
}

/** Show only the rows for which a condition holds. */
export interface TableFilter {
  op: "table.filter";
  target: string;
  /** In ADQL; null for all rows. */
  condition: string | null;
}

/** Show a table. */
export interface TableOpen {
  op: "table.open";
  target: string;
  source: JobSource | UploadSource;
  title?: string;
}

/** Sort the rows by columns, the first one first; none for the order in which they came. */
export interface TableSort {
  op: "table.sort";
  target: string;
  by: SortKey[];
}

/** Take a derived column away. */
export interface TableUnderive {
  op: "table.underive";
  target: string;
  name: string;
}

/** The answer to any other hello: what was done since, in order. */
export interface TailMessage {
  /** After which each operation follows as it is done. */
  revision: number;
  role: "owner" | "editor" | "viewer";
  owner: string;
  /** The user who the client acts for. */
  you: string;
  type: "tail";
  entries: EntryResponse[];
}

/** A line of text. */
export interface TextParameter {
  kind: "text";
  title?: string;
  default?: string | null;
}

/** Take back the last operation of one's own that is not taken back yet. */
export interface Undo {
  op: "undo";
  /** Also where somebody else has changed the same since. */
  force?: boolean;
}

/** A file that somebody sent. */
export interface UploadSource {
  kind: "upload";
  sha256: string;
  name: string;
}

/** One use of a tool. */
export interface UseEntity {
  /** The user who made it. */
  by: string;
  kind: "use";
  action: string;
  where: Where;
  input: Record<string, boolean | number | string>;
  state: "asked" | "running" | "done" | "failed";
  fraction: number | null;
  message: string;
  /** Entities of the view that came of it. */
  made: string[];
}

/** Views, those that were changed last first. */
export interface ViewListResponse {
  views: ViewResponse[];
}

/** A view to be made. */
export interface ViewRequest {
  title?: string;
}

/** A view as it is listed. */
export interface ViewResponse {
  id: string;
  title: string;
  owner: string;
  /** Of who asks. */
  role: "owner" | "editor" | "viewer";
  created: string;
  changed: string;
  /** How many operations were done. */
  revision: number;
  url: string;
  /** Where operations are sent and heard of (WebSocket). */
  socket: string;
}

/** All that a view is. */
export interface ViewState {
  title: string;
  layout: Record<string, JsonValue>;
  entities: Record<string, Entity>;
}

export type Operation = Rename | Layout | Close | Undo | Redo | TableOpen | TableDerive | TableUnderive | TableFilter | TableSort | TableColumns | Select | Highlight | ChartAdd | ChartUpdate | ImageOpen | ImageRender | ImageMask | SkyOpen | SkyUpdate | LayerAdd | LayerUpdate | ActionRegister | ActionUnregister | ActionInvoke | ActionProgress;

export type Selection = RangeSelection | LassoSelection | ConditionSelection | RowSelection;

export type Parameter = NumberParameter | TextParameter | ChoiceParameter | SwitchParameter;

export type Where = Point | OneRow | Rows | Area;

export type Entity = TableEntity | ChartEntity | ImageEntity | SkyEntity | LayerEntity | ActionEntity | UseEntity;

export type Showing = Brush | Look | Pointer;

export type ClientMessage = Hello | Do | Show;

export type ServerMessage = StateMessage | TailMessage | OperationMessage | DoneMessage | RefusedMessage | ShownMessage | RoleMessage;
