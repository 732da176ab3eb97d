// SPDX-License-Identifier: BSD-3-Clause
import { SQLDialect } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { FUNCTIONS, KEYWORDS } from "./words";

const dialect = SQLDialect.define({
  keywords: KEYWORDS.join(" ").toLowerCase(),
  builtin: FUNCTIONS.map((each) => each.name.toLowerCase()).join(" "),
  types: "bigint char clob double float integer precision real smallint timestamp varchar blob point circle polygon region",
  doubleQuotedStrings: false,
  operatorChars: "*+-/<>=!|",
  slashComments: false,
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--_keyword)", fontWeight: "600" },
  { tag: [tags.standard(tags.name), tags.typeName], color: "var(--_function)" },
  { tag: tags.string, color: "var(--_string)" },
  { tag: tags.special(tags.string), color: "var(--_text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--_number)" },
  { tag: tags.comment, color: "var(--_muted)", fontStyle: "italic" },
  { tag: tags.operator, color: "var(--_muted)" },
]);

/** ADQL 2.1 as an editor sees it. */
export function adql(): Extension {
  return [dialect.language, syntaxHighlighting(colours)];
}
