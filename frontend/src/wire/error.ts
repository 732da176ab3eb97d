// SPDX-License-Identifier: BSD-3-Clause

/** What every JSON door answers when it refuses. */
export interface ErrorDocument {
  error: { code: string; message: string };
}
