// SPDX-License-Identifier: BSD-3-Clause

/** What is known of one column: the JSON under `sciplat` in the metadata of an Arrow field. */
export interface Column {
  name: string;
  datatype?: string;
  arraysize?: string;
  xtype?: string;
  unit?: string;
  ucd?: string;
  utype?: string;
  description?: string;
}
