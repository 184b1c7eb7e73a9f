"""Row expressions from a study: parsed, limited to one row, unable to reach anything else.

In:  text such as `"Quantity" * "Price"`, the raw table it speaks of.
Out: an Ibis value computed from the columns of that row.

The text is parsed as SQL but never run as SQL: each node is translated by `_TRANSLATE`,
and what is not in that table does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import ibis
import ibis.expr.types as ir
import sqlglot
from sqlglot import exp

from reveil.errors import StudyError, nearest

_Translate = Callable[[exp.Expression], ir.Value]


def row_expression(text: str, table: ir.Table, *, key: str) -> ir.Value:
    """Turn a study's expression into a value of each row of a table.

    Parameters
    ----------
    text
        SQL. Columns with spaces or capitals in double quotes.
    table
        The raw table.
    key
        Where the study says it, for messages.

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
    known = {name.lower(): name for name in table.columns}

    def translate(node: exp.Expression) -> ir.Value:
        if isinstance(node, exp.Column):
            if node.table or node.name.lower() not in known:
                raise StudyError(
                    f"`{key}` names the column `{node.sql()}`, which the source does not have",
                    hint=nearest(node.name, table.columns),
                )
            return table[known[node.name.lower()]]
        rule = _TRANSLATE.get(type(node))
        if rule is None:
            raise StudyError(
                f"`{key}` uses `{node.sql(dialect='duckdb')}`, "
                "which is not a computation on one row",
                hint="use columns, numbers, comparisons, case when, "
                "and functions of one row such as lower or round",
            )
        return rule(node, translate)

    try:
        return translate(parsed[0])
    except (TypeError, AttributeError, ibis.common.exceptions.IbisError) as error:
        raise StudyError(
            f"`{key}` does not fit the types of its columns: {text!r} "
            f"({str(error).strip().splitlines()[0]})",
            hint='convert first, as in cast("Price" as double)',
        ) from None


def _binary(method: str) -> Callable[[exp.Expression, _Translate], ir.Value]:
    def rule(node: exp.Expression, of: _Translate) -> ir.Value:
        return getattr(of(node.this), method)(of(node.expression))

    return rule


def _method(name: str) -> Callable[[exp.Expression, _Translate], ir.Value]:
    def rule(node: exp.Expression, of: _Translate) -> ir.Value:
        return getattr(of(node.this), name)()

    return rule


def _literal(node: exp.Expression, of: _Translate) -> ir.Value:
    if node.is_string:
        return ibis.literal(node.name)
    return ibis.literal(int(node.name) if node.name.isdigit() else float(node.name))


def _text(node: exp.Expression | None) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise TypeError("a pattern is a text in single quotes")
    return str(node.name)


def _whole(node: exp.Expression | None) -> int:
    if not isinstance(node, exp.Literal) or node.is_string:
        raise TypeError("a position or length is a whole number")
    return int(node.name)


def _case(node: exp.Expression, of: _Translate) -> ir.Value:
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
) -> Callable[[exp.Expression, _Translate], ir.Value]:
    def rule(node: exp.Expression, of: _Translate) -> ir.Value:
        first = [node.this] if node.this is not None else []
        return function(*(of(child) for child in [*first, *node.expressions]))

    return rule


def _cast(method: str) -> Callable[[exp.Expression, _Translate], ir.Value]:
    names = {
        "INT": "int64", "BIGINT": "int64", "DOUBLE": "float64", "FLOAT": "float64",
        "VARCHAR": "string", "TEXT": "string", "DATE": "date", "TIMESTAMP": "timestamp",
        "BOOLEAN": "boolean", "DECIMAL": "float64",
    }  # fmt: skip

    def rule(node: exp.Expression, of: _Translate) -> ir.Value:
        target = node.args["to"].this.value
        if target not in names:
            raise TypeError(f"cast to one of {', '.join(sorted(names))}")
        return getattr(of(node.this), method)(names[target])

    return rule


def _in(node: exp.Expression, of: _Translate) -> ir.Value:
    if node.args.get("query") is not None or node.args.get("unnest") is not None:
        raise TypeError("`in` takes a list of values")
    return of(node.this).isin([of(child) for child in node.expressions])


def _is(node: exp.Expression, of: _Translate) -> ir.Value:
    if isinstance(node.expression, exp.Null):
        return of(node.this).isnull()
    return of(node.this) == of(node.expression)


def _round(node: exp.Expression, of: _Translate) -> ir.Value:
    decimals = node.args.get("decimals")
    return of(node.this).round(0 if decimals is None else _whole(decimals))


def _substring(node: exp.Expression, of: _Translate) -> ir.Value:
    start, length = node.args.get("start"), node.args.get("length")
    return of(node.this).substr(_whole(start) - 1, None if length is None else _whole(length))


_TRANSLATE: dict[type, Callable[[exp.Expression, _Translate], ir.Value]] = {
    exp.Literal: _literal,
    exp.Boolean: lambda node, _: ibis.literal(bool(node.this)),
    exp.Null: lambda _node, _of: ibis.null(),
    exp.Paren: lambda node, of: of(node.this),
    exp.Neg: lambda node, of: -of(node.this),
    exp.Not: lambda node, of: ~of(node.this),
    exp.Add: _binary("__add__"),
    exp.Sub: _binary("__sub__"),
    exp.Mul: _binary("__mul__"),
    exp.Div: _binary("__truediv__"),
    exp.Mod: _binary("__mod__"),
    exp.EQ: _binary("__eq__"),
    exp.NEQ: _binary("__ne__"),
    exp.GT: _binary("__gt__"),
    exp.GTE: _binary("__ge__"),
    exp.LT: _binary("__lt__"),
    exp.LTE: _binary("__le__"),
    exp.And: _binary("__and__"),
    exp.Or: _binary("__or__"),
    exp.Is: _is,
    exp.In: _in,
    exp.Between: lambda n, of: of(n.this).between(of(n.args["low"]), of(n.args["high"])),
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
    exp.DPipe: lambda n, of: of(n.this) + of(n.expression),
    exp.Concat: lambda n, of: reduce(lambda a, b: a + b, (of(c) for c in n.expressions)),
    exp.Cast: _cast("cast"),
    exp.TryCast: _cast("try_cast"),
}
