"""Row expressions from a study: parsed, limited to one row, unable to reach anything else.

In:  text such as `"Quantity" * "Price"`, the raw table it speaks of.
Out: an Ibis value computed from the columns of that row.

The text is parsed as SQL but never run as SQL: each node is translated by `_TRANSLATE`,
and what is not in that table does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir
import sqlglot
from sqlglot import exp

from reveil.errors import StudyError, nearest

Spelling = Callable[[ir.StringValue], ir.StringValue]


@dataclass(frozen=True, slots=True)
class _Row:
    """The row an expression speaks of: its columns, and how its texts spell numbers."""

    column: Callable[[exp.Column], ir.Value]
    spelling: Spelling | None
    key: str

    def __call__(self, node: exp.Expression) -> ir.Value:
        if isinstance(node, exp.Column):
            return self.column(node)
        rule = _TRANSLATE.get(type(node))
        said = {name for name, value in node.args.items() if value not in (None, False, [])}
        # A part that no rule reads, such as the flags of a pattern, must not be lost in silence.
        if rule is None or said - _READ - _ALSO_READ.get(type(node), frozenset()):
            raise StudyError(
                f"`{self.key}` uses `{node.sql(dialect='duckdb')}`, "
                "which is not a computation on one row",
                hint="use columns, numbers, comparisons, case when, "
                "and functions of one row such as lower or round",
            )
        return rule(node, self)


_IBIS_ERRORS = (ibis.common.exceptions.IbisError, ibis.common.annotations.ValidationError)


def row_expression(
    text: str, table: ir.Table, *, key: str, spelling: Spelling | None = None
) -> ir.Value:
    """Turn a study's expression into a value of each row of a table.

    Parameters
    ----------
    text
        SQL. Columns with spaces or capitals in double quotes.
    table
        The raw table.
    key
        Where the study says it, for messages.
    spelling
        Writes the text of a number with a decimal point, where a number is wanted of a table
        that holds nothing but text; None refuses texts there.

    Raises
    ------
    StudyError
        When it does not parse, names an unknown column, or does anything but compare and
        compute: no sub-query, no file, no aggregate, no second statement.

    Examples
    --------
    >>> import ibis
    >>> lines = ibis.table({"Quantity": "int64", "Price": "float64"}, name="lines")
    >>> row_expression('"Quantity" * "Price"', lines, key="amount").type()
    Float64(nullable=True)
    >>> row_expression("(select 1)", lines, key="amount")
    Traceback (most recent call last):
    ...
    reveil.errors.StudyError: `amount` uses `(SELECT 1)`, which is not a computation on one row
    Hint: use columns, numbers, comparisons, case when, and functions of one row such as lower or round
    """
    try:
        parsed = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except RecursionError:
        raise _too_deep(key) from None
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0].split(". Line")[0]
        raise StudyError(
            f"`{key}` is not an expression: {text!r} ({reason})",
            hint='write SQL over the columns of the source, as in "Quantity" * "Price"',
        ) from None
    if len(parsed) != 1:
        raise StudyError(
            f"`{key}` holds {len(parsed)} statements, one expression is required: {text!r}",
            hint="remove the semicolon and what is around it",
        )
    # Names as written win over names that differ by capitals only.
    known = {name.lower(): name for name in table.columns} | {name: name for name in table.columns}

    def column(node: exp.Column) -> ir.Value:
        found = known.get(node.name, known.get(node.name.lower()))
        if node.table or found is None:
            raise StudyError(
                f"`{key}` names the column `{node.sql()}`, which the source does not have",
                hint=nearest(node.name, table.columns),
            )
        return table[found]

    try:
        return _Row(column, spelling, key)(parsed[0])
    except RecursionError:
        raise _too_deep(key) from None
    except (TypeError, ValueError, AttributeError, *_IBIS_ERRORS) as error:
        raise StudyError(
            f"`{key}` does not fit the types of its columns: {text!r} "
            f"({str(error).strip().splitlines()[0]})",
            hint='convert first, as in cast("Price" as double)',
        ) from None


def row_condition(
    text: str, table: ir.Table, *, key: str, spelling: Spelling | None = None
) -> ir.BooleanValue:
    """Turn a study's condition into true, false or null for each row of a table.

    Raises
    ------
    StudyError
        As `row_expression`, and when the expression is not a condition.

    Examples
    --------
    >>> import ibis
    >>> lines = ibis.table({"Quantity": "int64", "Price": "float64"}, name="lines")
    >>> row_condition('"Price"', lines, key="where")
    Traceback (most recent call last):
    ...
    reveil.errors.StudyError: `where` is of type float64, a condition is required: '"Price"'
    Hint: compare it with something, as in "Quantity" > 0
    """
    value = row_expression(text, table, key=key, spelling=spelling)
    if value.type().is_null():
        return ibis.null("boolean")
    if not value.type().is_boolean():
        raise StudyError(
            f"`{key}` is of type {value.type()}, a condition is required: {text!r}",
            hint='compare it with something, as in "Quantity" > 0',
        )
    return value


def _too_deep(key: str) -> StudyError:
    return StudyError(
        f"`{key}` is nested too deeply to be read", hint="shorten it, or prepare a column"
    )


def _binary(method: str) -> Callable[[exp.Expression, _Row], ir.Value]:
    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        left, right = _alike([of(node.this), of(node.expression)], of)
        return getattr(left, method)(right)

    return rule


def _alike(values: list[ir.Value], of: _Row) -> list[ir.Value]:
    """Read texts as numbers where they meet a number."""
    if not any(value.type().is_numeric() for value in values):
        return values
    return _numbers(values, of)


def _numbers(values: list[ir.Value], of: _Row) -> list[ir.Value]:
    if of.spelling is None:
        return values
    return [
        of.spelling(value).try_cast("float64") if value.type().is_string() else value
        for value in values
    ]


def _method(name: str) -> Callable[[exp.Expression, _Row], ir.Value]:
    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        if node.args.get("expression") is not None:
            raise TypeError(f"{name} takes one value")
        return getattr(of(node.this), name)()

    return rule


def _literal(node: exp.Expression, of: _Row) -> ir.Value:
    if node.is_string:
        return ibis.literal(node.name)
    return ibis.literal(int(node.name) if node.name.isdecimal() else float(node.name))


def _text(node: exp.Expression | None) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise TypeError("a pattern is a text in single quotes")
    return str(node.name)


def _whole(node: exp.Expression | None) -> int:
    if not isinstance(node, exp.Literal) or node.is_string:
        raise TypeError("a position or length is a whole number")
    return int(node.name)


def _case(node: exp.Expression, of: _Row) -> ir.Value:
    subject = node.args.get("this")
    branches = []
    for branch in node.args["ifs"]:
        condition = of(branch.this)
        if subject is not None:
            condition = of(subject) == condition
        branches.append((condition, of(branch.args["true"])))
    default = node.args.get("default")
    return ibis.cases(*branches, else_=None if default is None else of(default))


def _variadic(
    function: Callable[..., ir.Value],
) -> Callable[[exp.Expression, _Row], ir.Value]:
    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        first = [node.this] if node.this is not None else []
        return function(*(of(child) for child in [*first, *node.expressions]))

    return rule


def _cast(method: str) -> Callable[[exp.Expression, _Row], ir.Value]:
    names = {
        "INT": "int64", "BIGINT": "int64", "DOUBLE": "float64", "FLOAT": "float64",
        "VARCHAR": "string", "TEXT": "string", "DATE": "date", "TIMESTAMP": "timestamp",
        "TIMESTAMPNTZ": "timestamp", "BOOLEAN": "boolean", "DECIMAL": "float64",
    }  # fmt: skip

    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        target = node.args["to"].this.value
        if target not in names:
            raise TypeError(f"cast to one of {', '.join(sorted(names))}")
        value = of(node.this)
        if of.spelling and value.type().is_string() and names[target] in ("int64", "float64"):
            value = of.spelling(value)
        return getattr(value, method)(names[target])

    return rule


def _in(node: exp.Expression, of: _Row) -> ir.Value:
    if not node.expressions:
        raise TypeError("`in` takes a list of values")
    subject, *members = _alike([of(node.this), *(of(child) for child in node.expressions)], of)
    return subject.isin(members)


def _between(value: ir.Value, low: ir.Value, high: ir.Value) -> ir.BooleanValue:
    return value.between(low, high)


def _is(node: exp.Expression, of: _Row) -> ir.Value:
    if isinstance(node.expression, exp.Null):
        return of(node.this).isnull()
    # `is true` never answers null.
    return (of(node.this) == of(node.expression)).fill_null(False)


def _logical(method: str) -> Callable[[exp.Expression, _Row], ir.Value]:
    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        sides = _sides(node, of)
        if not all(side.type().is_boolean() or side.type().is_null() for side in sides):
            raise TypeError("and, or and not join conditions")
        return getattr(sides[0], method)(*sides[1:])

    return rule


def _arithmetic(method: str) -> Callable[[exp.Expression, _Row], ir.Value]:
    def rule(node: exp.Expression, of: _Row) -> ir.Value:
        # Python would repeat a text that is multiplied.
        sides = _numbers(_sides(node, of), of)
        if not all(side.type().is_numeric() or side.type().is_null() for side in sides):
            raise TypeError("only numbers are added, subtracted, multiplied and divided")
        return getattr(sides[0], method)(*sides[1:])

    return rule


def _sides(node: exp.Expression, of: _Row) -> list[ir.Value]:
    return [of(side) for side in (node.this, node.args.get("expression")) if side is not None]


def _round(node: exp.Expression, of: _Row) -> ir.Value:
    decimals = node.args.get("decimals")
    return of(node.this).round(0 if decimals is None else _whole(decimals))


def _substring(node: exp.Expression, of: _Row) -> ir.Value:
    start, length = node.args.get("start"), node.args.get("length")
    if _whole(start) < 1:
        raise TypeError("a text starts at position 1")
    return of(node.this).substr(_whole(start) - 1, None if length is None else _whole(length))


def _replace(node: exp.Expression, of: _Row) -> ir.Value:
    return of(node.this).replace(_text(node.expression), _text(node.args.get("replacement")))


_TRANSLATE: dict[type, Callable[[exp.Expression, _Row], ir.Value]] = {
    exp.Literal: _literal,
    exp.Boolean: lambda node, _: ibis.literal(bool(node.this)),
    exp.Null: lambda _node, _of: ibis.null(),
    exp.Paren: lambda node, of: of(node.this),
    exp.Neg: _arithmetic("__neg__"),
    exp.Not: _logical("__invert__"),
    exp.Add: _arithmetic("__add__"),
    exp.Sub: _arithmetic("__sub__"),
    exp.Mul: _arithmetic("__mul__"),
    exp.Div: _arithmetic("__truediv__"),
    exp.Mod: _arithmetic("__mod__"),
    exp.EQ: _binary("__eq__"),
    exp.NEQ: _binary("__ne__"),
    exp.GT: _binary("__gt__"),
    exp.GTE: _binary("__ge__"),
    exp.LT: _binary("__lt__"),
    exp.LTE: _binary("__le__"),
    exp.And: _logical("__and__"),
    exp.Or: _logical("__or__"),
    exp.Is: _is,
    exp.In: _in,
    exp.Between: lambda n, of: _between(
        *_alike([of(n.this), of(n.args["low"]), of(n.args["high"])], of)
    ),
    exp.Case: _case,
    exp.Coalesce: _variadic(ibis.coalesce),
    exp.Greatest: _variadic(ibis.greatest),
    exp.Least: _variadic(ibis.least),
    exp.Nullif: _binary("nullif"),
    exp.Like: lambda n, of: of(n.this).like(_text(n.expression)),
    exp.ILike: lambda n, of: of(n.this).ilike(_text(n.expression)),
    exp.RegexpLike: lambda n, of: of(n.this).re_search(_text(n.expression)),
    exp.StartsWith: lambda n, of: of(n.this).startswith(_text(n.expression)),
    exp.Lower: _method("lower"),
    exp.Upper: _method("upper"),
    exp.Trim: _method("strip"),
    exp.Length: _method("length"),
    exp.Abs: _method("abs"),
    exp.Floor: _method("floor"),
    exp.Ceil: _method("ceil"),
    exp.Round: _round,
    exp.Left: lambda n, of: of(n.this).left(_whole(n.expression)),
    exp.Right: lambda n, of: of(n.this).right(_whole(n.expression)),
    exp.Substring: _substring,
    exp.Replace: _replace,
    exp.DPipe: lambda n, of: of(n.this) + of(n.expression),
    exp.Concat: lambda n, of: reduce(
        lambda a, b: a + b, (of(c).fill_null("") for c in n.expressions)
    ),
    exp.Cast: _cast("cast"),
    exp.TryCast: _cast("try_cast"),
}

_READ = frozenset({"this", "expression", "expressions", "safe"})
"""Parts of a node that its rule reads, or that the parser adds by itself."""

_ALSO_READ: dict[type, frozenset[str]] = {
    exp.Literal: frozenset({"is_string"}),
    exp.Between: frozenset({"low", "high"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.Greatest: frozenset({"ignore_nulls"}),
    exp.Least: frozenset({"ignore_nulls"}),
    exp.Round: frozenset({"decimals"}),
    exp.Substring: frozenset({"start", "length"}),
    exp.Replace: frozenset({"replacement"}),
    exp.Concat: frozenset({"coalesce"}),
    exp.Cast: frozenset({"to"}),
    exp.TryCast: frozenset({"to"}),
}
