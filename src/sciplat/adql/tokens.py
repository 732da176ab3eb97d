"""The words of an ADQL query: text in, tokens out (ADQL 2.1, appendix A)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from sciplat.errors import ADQLError
from sciplat.vo.names import RESERVED_WORDS

__all__ = ["MAX_LENGTH", "Place", "Text", "Token", "Word", "shortened", "tokenize", "words"]

MAX_LENGTH = 100_000
"""Characters a query may have. Beyond it every later step would be slow, and no person writes it."""


class Word(Enum):
    """What a token is; keywords and signs are told apart by their text."""

    NAME = "a name"
    DELIMITED = "a name in double quotes"
    KEYWORD = "a reserved word"
    INTEGER = "an integer"
    DECIMAL = "a number"
    STRING = "a text in single quotes"
    SIGN = "a sign"
    END = "the end of the query"


MAX_NAME = 256
"""Characters a name may have."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the query's text, lines and columns counted from 1."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the query."""

    word: Word
    text: str
    """As written; upper case for a reserved word, without quotes for names and texts."""

    start: int
    end: int

    glued: bool = False
    """A number or text that touches the word before it without a blank."""

    def means(self, text: str) -> bool:
        """Tell whether this is the reserved word or sign ``text``."""
        return self.text == text and self.word in (Word.KEYWORD, Word.SIGN)


class Text:
    """The query as written, which knows the line and column of every character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def place(self, start: int, end: int) -> Place:
        """Return where the characters from ``start`` up to ``end`` stand."""
        line = bisect_right(self._lines, start)
        return Place(line, start - self._lines[line - 1] + 1, end - start)

    def error(self, message: str, start: int, end: int, *, unknown_table: bool = False) -> ADQLError:
        """Return an error that points at the characters from ``start`` up to ``end``."""
        place = self.place(start, end)
        return ADQLError(
            message, line=place.line, column=place.column, length=place.length, unknown_table=unknown_table
        )


def shortened(text: str, most: int = 40) -> str:
    """Return a text as messages show it: the beginning of a long one."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


# re.ASCII, because \d and \s otherwise take the digits and spaces of other scripts.
_TOKEN = re.compile(
    r"""
      (?P<blank>(?:[ \t\r\n\f\v]+|--[^\r\n]*)+)
    | (?P<name>[A-Za-z][A-Za-z0-9_]*)
    | (?P<hex>0[xX][0-9A-Fa-f]+)
    | (?P<decimal>(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<integer>[0-9]+)
    | (?P<string>'(?:[^']|'')*')
    | (?P<delimited>"(?:[^"]|"")*")
    | (?P<comment>/\*)
    | (?P<sign><>|<=|>=|!=|\|\||[-+*/=<>(),.;])
    """,
    re.VERBOSE | re.ASCII,
)

_HINTS = {
    "'": "This text has no closing quote",
    '"': "This name has no closing double quote",
    "_": "A name starts with a letter; put this one in double quotes",
    "%": "ADQL has no % operator: write MOD(x, y)",
    ":": "ADQL has no :: operator: write CAST(x AS type)",
    "^": "ADQL has no ^ operator: write POWER(x, y)",
    "`": 'ADQL puts unusual names in double quotes: "name"',
    "[": 'ADQL puts unusual names in double quotes: "name"',
}


def tokenize(text: Text) -> list[Token]:
    """Return the words of ``text``, and one of kind END after the last.

    Raises
    ------
    ADQLError
        For a character that no word starts with, an open quote, or a text longer than `MAX_LENGTH`.
    """
    source = text.text
    if len(source) > MAX_LENGTH:
        raise text.error(
            f"The query has {len(source):,} characters; the limit is {MAX_LENGTH:,}. "
            "Join a table that holds a long list",
            MAX_LENGTH,
            MAX_LENGTH,
        )
    tokens: list[Token] = []
    position = 0
    touching = False
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _unreadable(text, position)
        kind, end = match.lastgroup, match.end()
        if kind in ("name", "delimited") and end - position > MAX_NAME:
            raise text.error(f"A name has at most {MAX_NAME} characters", position, end)
        written = match.group()
        if kind == "name":
            upper = written.upper()
            word = Word.KEYWORD if upper in RESERVED_WORDS else Word.NAME
            tokens.append(Token(word, upper if word is Word.KEYWORD else written, position, end, touching))
        elif kind == "delimited":
            name = written[1:-1].replace('""', '"')
            if not name:
                raise text.error("A name in double quotes needs at least one character", position, end)
            tokens.append(Token(Word.DELIMITED, name, position, end, touching))
        elif kind == "string":
            tokens.append(Token(Word.STRING, written[1:-1].replace("''", "'"), position, end, touching))
        elif kind == "comment":
            raise text.error("ADQL has no /* */ comments: use -- up to the end of the line", position, end)
        elif kind == "hex":
            raise text.error("Hexadecimal numbers cannot be used: write the decimal one", position, end)
        elif kind == "sign":
            tokens.append(Token(Word.SIGN, written, position, end, touching))
        elif kind != "blank":
            word = Word.INTEGER if kind == "integer" else Word.DECIMAL
            tokens.append(Token(word, written, position, end, touching))
        # Whether the next word follows without a blank, and so belongs to a name or number before it.
        touching = kind in ("name", "integer", "decimal")
        position = end
    last = tokens[-1].end if tokens else 0
    tokens.append(Token(Word.END, "", last, last))
    return tokens


def _unreadable(text: Text, position: int) -> ADQLError:
    source = text.text
    character = source[position]
    if character in _HINTS:
        hint = _HINTS[character]
    elif ord(character) > 127:
        hint = f"The character {character!r} can stand in texts and in names in double quotes only"
    elif source.startswith("&quot;", position) or character == "&":
        hint = "This looks like text copied from a web page's source: write the sign itself"
    else:
        hint = f"The character {character!r} has no meaning in ADQL"
    stop = len(source) if character in "'\"" else position + 1
    newline = source.find("\n", position)
    return text.error(hint, position, stop if newline < 0 else min(stop, newline))
