// SPDX-License-Identifier: BSD-3-Clause
import { httpSource, type ImageSource } from "../image/facts";
import type { Row } from "../table/arrow";
import { send } from "./http";
import { ask, literal } from "./tap";

/** An image of a release, as `obs_publisher_did` of `ivoa.ObsCore` names it. */
export interface ImageName {
  identifier: string;
  release: string;
  /** The dataset's UUID. */
  dataset: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Read `ivo://AUTHORITY/RELEASE?UUID`; null where a text is no such identifier. */
export function imageNameOf(identifier: string): ImageName | null {
  const match = /^ivo:\/\/[^/?#\s]+\/([^/?#\s]+)\?([^#\s]+)$/.exec(identifier.trim());
  if (!match || !UUID.test(match[2]!)) return null;
  return { identifier: identifier.trim(), release: match[1]!, dataset: match[2]! };
}

/** Where the Portal shows an image. */
export function imageAddress(identifier: string): string {
  return `/portal/image?id=${encodeURIComponent(identifier)}`;
}

function baseOf({ release, dataset }: ImageName): string {
  return `/api/images/${encodeURIComponent(release)}/${encodeURIComponent(dataset)}`;
}

export function sourceOf(name: ImageName): ImageSource {
  return httpSource(baseOf(name), send);
}

/** Where the file of an image is. */
export function fileAddress(name: ImageName): string {
  return `${baseOf(name)}/file`;
}

/** What `ivoa.ObsCore` tells of an image; null where it is not among its rows. */
export async function observation({ identifier }: ImageName, signal?: AbortSignal): Promise<Row | null> {
  const rows = await ask(`SELECT TOP 1 * FROM ivoa.ObsCore WHERE obs_publisher_did = ${literal(identifier)}`, signal);
  return rows[0] ?? null;
}
