// SPDX-License-Identifier: BSD-3-Clause

/** Define an element once: two widgets on a notebook page load the same module twice. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
