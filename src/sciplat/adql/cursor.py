"""Where the parser stands in a query, and what it would have taken there.

Each test for a word that fails is remembered until the cursor moves on. When nothing fits, the
memory is the list of what was expected at the farthest place that the parser reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlglot import exp

from sciplat.adql.functions import nearest
from sciplat.adql.tokens import Text, Token, Word, shortened, tokenize, words
from sciplat.errors import ADQLError

__all__ = ["Cursor", "Grammar", "mark", "span"]

MAX_DEPTH = 40
"""How deep parentheses, functions and subqueries may nest."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The three rules of ADQL that contain one another."""

    query: Callable[[Cursor], exp.Query]
    condition: Callable[[Cursor], exp.Expr]
    value: Callable[[Cursor], tuple[str, exp.Expr]]


def mark(node: exp.Expr, start: int, end: int) -> None:
    """Write into ``node`` which characters of the query it came from."""
    node.meta["span"] = (start, end)


def span(node: exp.Expr) -> tuple[int, int]:
    """Return the characters of the query that ``node``, or what holds it, came from."""
    current: exp.Expr | None = node
    while current is not None:
        found: tuple[int, int] | None = current.meta_get("span")
        if found is not None:
            return found
        current = current.parent
    return (0, 0)


class Cursor:
    """A place in the tokens of one query."""

    def __init__(self, text: Text, grammar: Grammar) -> None:
        self.text = text
        self.grammar = grammar
        self.tokens = tokenize(text)
        self.index = 0
        self.token = self.tokens[0]
        self.partner = self._parentheses()
        self._depth = 0
        self._expected: dict[str, None] = {}
        self._expected_before: dict[str, None] = {}

    def _parentheses(self) -> dict[int, int]:
        partner: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.word is Word.SIGN and token.text == "(":
                opened.append(index)
            elif token.word is Word.SIGN and token.text == ")" and opened:
                partner[opened.pop()] = index
        return partner

    def peek(self, offset: int = 1) -> Token:
        """Return the token ``offset`` places on."""
        return self.tokens[min(self.index + offset, len(self.tokens) - 1)]

    @property
    def previous(self) -> Token:
        """The token before this one."""
        return self.tokens[max(self.index - 1, 0)]

    def advance(self) -> Token:
        """Take the current token."""
        token = self.token
        self.index += 1
        self.token = self.tokens[self.index]
        self._expected_before, self._expected = self._expected, {}
        return token

    def at(self, *texts: str) -> bool:
        """Tell whether one of these reserved words or signs is next."""
        token = self.token
        if token.text in texts and token.word in (Word.KEYWORD, Word.SIGN):
            return True
        self.want(*texts)
        return False

    def operator(self, *signs: str) -> Token | None:
        """Take one of these signs if it is next; where a value can end, nobody needs a list of them."""
        token = self.token
        return self.advance() if token.word is Word.SIGN and token.text in signs else None

    def want(self, *things: str) -> None:
        """Remember that these would have fitted here."""
        for thing in things:
            self._expected[thing] = None

    def accept(self, *texts: str) -> Token | None:
        """Take one of these reserved words or signs if it is next."""
        return self.advance() if self.at(*texts) else None

    def expect(self, *texts: str) -> Token:
        """Take one of these reserved words or signs, which must be next."""
        if not self.at(*texts):
            raise self.unexpected()
        return self.advance()

    def accept_word(self, word: Word, called: str) -> Token | None:
        """Take a token of this kind if it is next; ``called`` names it in messages."""
        if self.token.word is word:
            return self.advance()
        self.want(called)
        return None

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Hold for one more level of nesting; a clear error where a query nests too deep."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"Parentheses and subqueries nest more than {MAX_DEPTH} deep here", self.token)
        yield
        self._depth -= 1

    def error(self, message: str, first: Token, last: Token | None = None) -> ADQLError:
        """Return an error that points at the tokens from ``first`` to ``last``."""
        return self.text.error(message, first.start, (last or first).end)

    def since(self, start: int) -> tuple[int, int]:
        """Return the characters from ``start`` to the end of the last token taken."""
        return (start, self.previous.end)

    def unexpected(self) -> ADQLError:
        """Return the error that says what was expected here, and what would mend it."""
        token = self.token
        hint = self._hint()
        if hint is not None and hint[1]:
            return self.error(hint[0], hint[2])
        message = f"Expected {_list(self._expected)}, found {_show(token)}"
        if hint is not None:
            message += f". {hint[0]}"
        return self.error(message, token)

    def _hint(self) -> tuple[str, bool, Token] | None:
        """Return advice, whether it stands alone, and the token it is about."""
        token, before = self.token, self.previous
        wants_name = any("name" in thing or "value" in thing for thing in self._expected)
        alone = _ALONE.get(token.text.upper()) if token.word in (Word.KEYWORD, Word.NAME) else None
        if alone is not None and (token.word is Word.KEYWORD or not wants_name):
            return (alone, True, token)
        if before.word is Word.NAME and (advice := _ALONE.get(before.text.upper())) is not None:
            return (advice, True, before)
        if before.means(",") and (token.word in (Word.END, Word.KEYWORD) or token.means(")")):
            return ("Is the comma before it one too many?", False, token)
        if token.word is Word.KEYWORD and wants_name:
            if token.text not in _CLAUSES:
                quoted = f'"{self._as_written(token)}"'
                advice = f"{token.text} is a reserved word; as a name write it in double quotes: {quoted}"
                return (advice, True, token)
            return None
        # A misspelt clause is often taken for an alias, so that the error comes one word late.
        earlier = {**self._expected_before, **self._expected}
        for word, options in ((token, self._expected), (before, earlier)):
            if word.word is not Word.NAME:
                continue
            close = nearest(word.text, [name for name in options if name.isupper()], count=1)
            if close:
                return (f"Did you mean {close[0]} instead of {word.text!r}?", False, token)
        opened = self._still_open()
        if opened is not None and ")" in self._expected:
            place = self.text.place(opened.start, opened.end)
            return (
                f"The parenthesis of line {place.line}, column {place.column} is still open",
                False,
                token,
            )
        if token.means(")") and ")" not in self._expected and self._closes_nothing():
            return ("This parenthesis closes none", False, token)
        return None

    def _as_written(self, token: Token) -> str:
        return self.text.text[token.start : token.end]

    def _still_open(self) -> Token | None:
        for index in range(self.index - 1, -1, -1):
            token = self.tokens[index]
            if token.means("(") and index not in self.partner:
                return token
        return None

    def _closes_nothing(self) -> bool:
        return self.index not in set(self.partner.values())


_CLAUSES = words(
    "SELECT FROM WHERE GROUP ORDER HAVING OFFSET UNION EXCEPT INTERSECT JOIN ON USING AS AND OR BY "
    "INNER LEFT RIGHT FULL OUTER NATURAL WITH THEN ELSE END WHEN ASC DESC IN IS BETWEEN LIKE ILIKE"
)

_ALONE = {
    "LIMIT": "ADQL has no LIMIT: write SELECT TOP n",
    "TOP": "TOP stands after SELECT, ALL or DISTINCT: SELECT [ALL | DISTINCT] TOP n",
    "CROSS": "ADQL has no CROSS JOIN: write the two tables with a comma",
    "OVER": "ADQL has no window functions",
    "INSERT": "Only queries can be sent: SELECT or WITH",
    "UPDATE": "Only queries can be sent: SELECT or WITH",
    "DELETE": "Only queries can be sent: SELECT or WITH",
    "CREATE": "Only queries can be sent: SELECT or WITH",
    "DROP": "Only queries can be sent: SELECT or WITH",
    "ALTER": "Only queries can be sent: SELECT or WITH",
    "ESCAPE": "ADQL's LIKE has no ESCAPE",
    "SUBSTRING": "ADQL 2.1 has no SUBSTRING function, and the word is reserved",
}


def _show(token: Token) -> str:
    match token.word:
        case Word.END:
            return "the end of the query"
        case Word.STRING:
            return f"the text '{shortened(token.text, 30)}'"
        case Word.DELIMITED:
            return f'"{token.text}"'
        case _:
            shown = shortened(token.text)
            return f"`{shown}`" if token.word is Word.SIGN else shown


_FAMILY = {
    **dict.fromkeys(("INNER", "LEFT", "RIGHT", "FULL", "NATURAL"), "JOIN"),
    **dict.fromkeys(("EXCEPT", "INTERSECT"), "UNION"),
    "ILIKE": "LIKE",
    "GROUP": "GROUP BY",
    "ORDER": "ORDER BY",
}


def _list(things: dict[str, None]) -> str:
    """Return the words as people list them: phrases first, then words, then signs."""
    phrases = [thing for thing in things if thing[0].islower()]
    words = sorted({_FAMILY.get(thing, thing) for thing in things if thing[0].isupper()})
    signs = [f"`{thing}`" for thing in things if not thing[0].isalpha()]
    everything = phrases + words + signs
    if not everything:
        return "something else"
    if len(everything) > 12:
        everything = [*everything[:11], "more"]
    if len(everything) == 1:
        return everything[0]
    return ", ".join(everything[:-1]) + " or " + everything[-1]
