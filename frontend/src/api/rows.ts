// SPDX-License-Identifier: BSD-3-Clause
import { tableFromIPC, type Table } from "@uwdata/flechette";
import type { PlotSelection } from "../plot/data";
import type { Asked, AskedAxis, Reader } from "../plot/looking";
import { send, sendJson } from "./http";

/** A table as it is seen: the result of a job, with columns derived, filtered and sorted. */
export interface Relation {
  source: { kind: "job"; job: string };
  derive?: readonly { name: string; expression: string }[];
  filter?: string | null;
  sort?: readonly { column: string; descending: boolean }[];
}

interface AxisAnswer {
  edges: number[];
  unit?: string | null;
}

interface HistogramAnswer {
  axis: AxisAnswer;
  counts: number[];
  below: number;
  above: number;
  missing: number;
  selected: number[] | null;
}

interface DensityFacts {
  x: AxisAnswer;
  y: AxisAnswer;
  outside: number;
  missing: number;
}

interface SampleFacts {
  of: number;
  units: (string | null)[];
}

/** Reads what charts need of the rows of a relation, from this instance. */
export function rowsReader(relation: Relation): Reader {
  return {
    async sample(expressions, needed, most, within, signal) {
      const ask = { relation, expressions, needed, most, selection: within && selectionOf(within) };
      const { table, facts } = await binary<SampleFacts>("sample", ask, signal);
      const values = expressions.map((_, column) => Float64Array.from(table.getChildAt(column).toArray() as ArrayLike<number>));
      const rows = Array.from(table.getChildAt(expressions.length).toArray() as ArrayLike<number | bigint>, Number);
      return { columns: facts.units.map((unit) => ({ unit: unit ?? undefined })), values, rows, of: facts.of };
    },

    async density(x, y, selected, signal) {
      const read = (selection: object | null) =>
        binary<DensityFacts>("density", { relation, x: axisOf(x), y: axisOf(y), selection }, signal);
      const [{ table, facts }, chosen] = await Promise.all([read(null), selected ? read(selectionOf(selected)) : null]);
      const [width, height] = [facts.x.edges.length - 1, facts.y.edges.length - 1];
      const counts = lines(table, width, height);
      return {
        kind: "density",
        ...{ width, height, counts },
        x: endsOf(facts.x),
        y: endsOf(facts.y),
        ...(chosen ? { selected: lines(chosen.table, width, height) } : {}),
        total: sum(counts) + facts.outside,
        columns: [{ unit: facts.x.unit ?? undefined }, { unit: facts.y.unit ?? undefined }],
      };
    },

    async histogram(x, selected, signal) {
      const ask = { relation, axis: axisOf(x), selection: selected && selectionOf(selected) };
      const found = await sendJson<HistogramAnswer>("/api/rows/histogram", "POST", ask, signal);
      return {
        kind: "histogram",
        edges: found.axis.edges,
        counts: found.counts,
        ...(found.selected ? { selected: found.selected } : {}),
        total: sum(found.counts) + found.below + found.above,
        column: { unit: found.axis.unit ?? undefined },
      };
    },
  };
}

/** What is drawn in a chart, as a selection of rows. */
export function selectionOf({ x, y, selection }: Asked): object {
  if (selection.kind === "lasso") return { kind: "lasso", x, y, corners: selection.corners };
  return { kind: "ranges", ranges: rangesOf(x, y, selection) };
}

function rangesOf(x: string, y: string, selection: PlotSelection & { kind: "ranges" }): [string, number, number][] {
  const range = (expression: string, ends: readonly [number, number] | null) => (ends ? [[expression, ...ends] as [string, number, number]] : []);
  return [...range(x, selection.x), ...range(y, selection.y)];
}

async function binary<Facts>(what: string, ask: object, signal: AbortSignal): Promise<{ table: Table; facts: Facts }> {
  const response = await send(`/api/rows/${what}`, {
    method: "POST",
    body: JSON.stringify(ask),
    headers: { "Content-Type": "application/json" },
    signal,
  });
  const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
  return { table, facts: JSON.parse(table.schema.metadata!.get("sciplat")!) as Facts };
}

/** Counts come one bin of x after the other; plots are drawn line by line. */
function lines(table: Table, width: number, height: number): Uint32Array {
  const counts = table.getChildAt(0).toArray() as ArrayLike<number>;
  const turned = new Uint32Array(width * height);
  for (let column = 0; column < width; column++) for (let line = 0; line < height; line++) turned[line * width + column] = counts[column * height + line]!;
  return turned;
}

const axisOf = ({ expression, bins, log, low, high }: AskedAxis) => ({ expression, bins, scale: log ? "log" : "linear", low, high });

const endsOf = ({ edges }: AxisAnswer): readonly [number, number] => [edges[0] ?? 0, edges[edges.length - 1] ?? 1];

const sum = (counts: ArrayLike<number>): number => Array.prototype.reduce.call(counts, (total, count) => (total as number) + (count as number), 0) as number;
