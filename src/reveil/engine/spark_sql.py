"""Spark SQL that means what DuckDB's means, one rule per operation that differs.

In:  Ibis expressions.
Out: SQL of Spark with the same values, or a refusal.

Ibis writes one operation under each backend's own name, and a few of them then compute another
thing: a cast of 2.5 to a whole number, a text that is not quite a number, the end of a text in a
pattern. Each is mended here, for whatever stage uses it, and compared in `tests/conformance`.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, ClassVar

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from reveil.engine.spark_dates import ISO_INSTANT, ISO_MOMENT, Written, strptime
from reveil.errors import StudyError

if TYPE_CHECKING:
    import sqlglot as sg

    Sql = sg.Expression

NUMBER = r"^\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""What is a number; Java also takes 1d, 1f and 0x1p3 for one."""

NO_NUMBER = r"(?i)^\s*[+-]?(inf|infinity|nan)\s*$"

PLAIN_TEXT = re.compile(r"[^\x00-\x1f\x7f]*")


class SparkSQL(PySparkCompiler):
    """Writes Ibis expressions as SQL for Spark."""

    __slots__ = ()

    # Ibis writes the rules of such a table over those of the class that has it.
    SIMPLE_OPS: ClassVar[dict[type[ops.Value], str]] = {}

    # --- texts -------------------------------------------------------------------------------

    def visit_NonNullLiteral(self, op: ops.Literal, *, value: object, dtype: dt.DataType) -> Sql:
        """Write signs that Spark has no escape for by their number."""
        if isinstance(value, str) and dtype.is_string() and not PLAIN_TEXT.fullmatch(value):
            return self._text(value)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def _text(self, value: str) -> Sql:
        escaped = "".join(
            f"\\u{ord(c):04x}" if ord(c) < 0x20 or c in "\x7f'\\" else c for c in value
        )
        return sge.Var(this=f"'{escaped}'")

    def visit_Strip(self, op: ops.Strip, *, arg: Sql) -> Sql:
        """Take white space away at both ends."""
        return self.f.trim(arg, self._text(string.whitespace))

    def visit_Uppercase(self, op: ops.Uppercase, *, arg: Sql) -> Sql:
        """Write capitals one for one: ß is one letter, where Java would write SS."""
        kept = self.f.anon.translate(arg, *map(sge.convert, ("".join(GROWING), HELD)))
        upper = self.f.anon.translate(
            self.f.upper(kept), *map(sge.convert, (HELD, "".join(GROWING.values())))
        )
        return self.if_(self._foreign(arg), upper, self.f.upper(arg))

    def visit_Lowercase(self, op: ops.Lowercase, *, arg: Sql) -> Sql:
        """Write small letters one for one, a sigma the same at the end of a word."""
        kept = self.f.anon.translate(arg, *map(sge.convert, ("\u0130\u03a3", "i\u03c3")))
        return self.if_(self._foreign(arg), self.f.lower(kept), self.f.lower(arg))

    def _foreign(self, text: Sql) -> Sql:
        return self.f.anon.rlike(text, sge.convert(r"[^\x00-\x7f]"))

    def visit_StringSQLLike(
        self, op: ops.StringSQLLike, *, arg: Sql, pattern: Sql, escape: Sql | None
    ) -> Sql:
        """Compare with a pattern in which a backslash is a backslash."""
        return arg.like(_doubled(pattern))

    def visit_StringSQLILike(
        self, op: ops.StringSQLILike, *, arg: Sql, pattern: Sql, escape: Sql | None
    ) -> Sql:
        """Compare, whatever the case."""
        return arg.ilike(_doubled(pattern))

    def visit_RegexSearch(self, op: ops.RegexSearch, *, arg: Sql, pattern: Sql) -> Sql:
        """Look for a pattern; its $ is the very end, never before a last line end."""
        return self.f.anon.rlike(arg, _anchored(pattern))

    def visit_RegexReplace(
        self, op: ops.RegexReplace, *, arg: Sql, pattern: Sql, replacement: Sql
    ) -> Sql:
        """Replace what matches a pattern."""
        return self.f.anon.regexp_replace(arg, _anchored(pattern), replacement)

    # --- numbers -----------------------------------------------------------------------------

    def visit_Divide(self, op: ops.Divide, *, left: Sql, right: Sql) -> Sql:
        """Divide as doubles do: by zero gives an infinity, not an error."""
        left, right = self.cast(left, dt.float64), self.cast(right, dt.float64)
        quotient = self.f.anon.try_divide(left, right)
        if _never_zero(op.right):
            # Written once: a quotient of quotients would else grow with every level.
            return quotient
        by_zero = sge.Case(
            ifs=[
                self.if_(left.is_(sge.Null()), sge.Null()),
                self.if_(sge.or_(left.eq(0), self.f.isnan(left)), self._double("nan")),
                self.if_(left > 0, self._double("inf")),
            ],
            default=self._double("-inf"),
        )
        return self.if_(right.eq(0), by_zero, quotient)

    def visit_Modulus(self, op: ops.Modulus, *, left: Sql, right: Sql) -> Sql:
        """Take the remainder; of a division of doubles by zero there is none."""
        if not op.dtype.is_floating():
            return sge.Mod(this=sge.paren(left), expression=sge.paren(right))
        left, right = self.cast(left, dt.float64), self.cast(right, dt.float64)
        none = self.if_(left.is_(sge.Null()), sge.Null(), self._double("nan"))
        return self.if_(right.eq(0), none, self.f.anon.try_mod(left, right))

    def visit_Round(self, op: ops.Round, *, arg: Sql, digits: Sql | None) -> Sql:
        """Round to digits as binary fractions are: 1.005 is less than its writing."""
        digits_of = getattr(op.digits, "value", 0) if op.digits is not None else 0
        if not op.arg.dtype.is_floating() or not digits_of:
            return super().visit_Round(op, arg=arg, digits=digits)
        unit = sge.convert(float(10 ** abs(digits_of)))
        unit = self.cast(unit, dt.float64)
        if digits_of > 0:
            return self.f.round(sge.paren(arg) * unit) / unit
        return self.f.round(sge.paren(arg) / unit) * unit

    def visit_Log2(self, op: ops.Log2, *, arg: Sql) -> Sql:
        """Take the logarithm; of a power of two it is whole, which a quotient may miss."""
        about = self.f.anon.log2(arg)
        whole = self.f.round(about)
        return self.if_(self.f.anon.power(2, whole).eq(arg), whole, about)

    def visit_IsNull(self, op: ops.IsNull, *, arg: Sql) -> Sql:
        """Tell whether there is a value; not a number is one."""
        return arg.is_(sge.Null())

    def visit_NotNull(self, op: ops.NotNull, *, arg: Sql) -> Sql:
        """Tell whether there is a value; not a number is one."""
        return sge.Not(this=arg.is_(sge.Null()))

    def _double(self, text: str) -> Sql:
        return self.cast(sge.convert(text), dt.float64)

    # --- from one type to another ------------------------------------------------------------

    def visit_Cast(self, op: ops.Cast, *, arg: Sql, to: dt.DataType) -> Sql:
        """Convert, or fail."""
        read = self._converted(op.arg.dtype, arg, to)
        if read is None:
            return super().visit_Cast(op, arg=arg, to=to)
        if not op.arg.dtype.is_string():
            return read
        # Spark's message would show the value.
        wrong = self.f.anon.raise_error(f"reveil: could not convert a text to {to}")
        lost = sge.and_(arg.is_(sge.Null()).not_(), read.is_(sge.Null()))
        return self.if_(lost, self.cast(wrong, to), read)

    def visit_TryCast(self, op: ops.TryCast, *, arg: Sql, to: dt.DataType) -> Sql:
        """Convert; null where it cannot be."""
        read = self._converted(op.arg.dtype, arg, to)
        return super().visit_TryCast(op, arg=arg, to=to) if read is None else read

    def _converted(self, kind: dt.DataType, arg: Sql, to: dt.DataType) -> Sql | None:
        """Convert where Spark's way is another; None where it is the same."""
        if kind.is_string():
            return self._of_text(arg, to)
        if kind.is_floating() and to.is_integer():
            return self._tried(self.f.anon.rint(arg), to)
        if kind.is_decimal() and to.is_integer():
            return self._tried(self.f.round(arg, 0), to)
        if kind.is_floating() and to.is_string():
            return self._written(arg)
        return None

    def _of_text(self, arg: Sql, to: dt.DataType) -> Sql | None:
        if to.is_floating():
            return self._number(arg)
        if to.is_integer():
            return self._whole(arg, to)
        if to.is_boolean():
            word = self.f.anon.rlike(arg, sge.convert(r"^\S+$"))
            return self.if_(word, self._tried(arg, to), sge.Null())
        if to.is_date():
            return self.cast(self._moment(arg, ISO_MOMENT), dt.date)
        if to.is_timestamp():
            return self._moment(arg, ISO_INSTANT if to.timezone else ISO_MOMENT)
        return None

    def _tried(self, arg: Sql, to: dt.DataType) -> Sql:
        return sge.TryCast(this=arg, to=self.type_mapper.from_ibis(to), safe=True)

    def _number(self, text: Sql) -> Sql:
        plain = self.f.anon.rlike(text, sge.convert(NUMBER))
        odd = self.f.anon.rlike(text, sge.convert(NO_NUMBER))
        digits = self.f.anon.replace(text, sge.convert("_"), sge.convert(""))
        return self.if_(sge.or_(plain, odd), self._tried(digits, dt.float64), sge.Null())

    def _whole(self, text: Sql, to: dt.DataType) -> Sql:
        plain = self._tried(text, to)
        digits = self.f.anon.replace(text, sge.convert("_"), sge.convert(""))
        number = self.if_(self.f.anon.rlike(text, sge.convert(NUMBER)), digits, sge.Null())
        rounded = self.f.round(self._tried(number, dt.Decimal(38, 9)), 0)
        return self.f.coalesce(plain, self._tried(rounded, to))

    def _written(self, number: Sql) -> Sql:
        """Write a double as C does: 1e+16 where Java writes 1.0E16."""
        said = self.cast(number, dt.string)
        usual = sge.and_(
            self.f.abs(number) >= self._double("1e-3"), self.f.abs(number) < self._double("1e7")
        )
        plain = self.cast(self._tried(said, dt.Decimal(38, 20)), dt.string)
        plain = self._sub(plain, r"(\.\d+?)0+$", "$1")
        short = self._sub(said, r"\.0E", "E")
        short = self._sub(self._sub(short, r"E(\d)", "e+$1"), "E-", "e-")
        short = self._sub(short, r"e([+-])(\d)$", "e$1" + "0$2")
        long = sge.and_(
            self.f.abs(number) >= self._double("1e-4"), self.f.abs(number) < self._double("1e16")
        )
        odd = sge.or_(
            self.f.isnan(number), self.f.abs(number).eq(self._double("inf")), number.eq(0)
        )
        odd_text = self.f.anon.replace(
            self.f.lower(said), sge.convert("infinity"), sge.convert("inf")
        )
        return sge.Case(
            ifs=[self.if_(odd, odd_text), self.if_(usual, said), self.if_(long, plain)],
            default=short,
        )

    def _sub(self, text: Sql, pattern: str, replacement: str) -> Sql:
        return self.f.anon.regexp_replace(text, sge.convert(pattern), sge.convert(replacement))

    # --- dates -------------------------------------------------------------------------------

    def _moment(self, text: Sql, forms: tuple[Written, ...]) -> Sql:
        """Rewrite a text in the one form of dates that Spark reads, and read it."""
        tried = []
        for form in forms:
            said = self._sub(text, form.shape, form.iso)
            if form.month is not None:
                name = self.f.lower(
                    self.f.anon.regexp_extract(
                        text, sge.convert(form.shape), sge.convert(form.month)
                    )
                )
                number = sge.Case(
                    ifs=[
                        self.if_(name.isin(month, month[:3]), sge.convert(f"{n:02d}"))
                        for n, month in enumerate(MONTHS, 1)
                    ]
                )
                said = self.f.anon.replace(said, sge.convert("@"), number)
            moment = self._tried(said, dt.timestamp)
            if form.later:
                moment = self.f.anon.timestampadd(
                    sge.Var(this="HOUR"), sge.convert(form.later), moment
                )
            tried.append(moment)
        return self.f.coalesce(*tried) if len(tried) > 1 else tried[0]

    def visit_ScalarUDF(self, op: ops.ScalarUDF, **kw: Sql) -> Sql:
        """Write what `events.values` asks of DuckDB by name."""
        name, arguments = op.__func_name__, list(kw.values())
        if name == "epoch_us":
            return self.f.anon.unix_micros(self.cast(arguments[0], dt.timestamp))
        if name == "make_timestamp":
            return self.f.anon.timestamp_micros(arguments[0])
        if name == "array_extract":
            return self.f.anon.right(arguments[0], sge.convert(1))
        if name == "try_strptime":
            return self._moment(arguments[0], strptime(str(arguments[1].this)))
        return super().visit_ScalarUDF(op, **kw)

    # --- rows --------------------------------------------------------------------------------

    def visit_Hash(self, op: ops.Hash, *, arg: Sql) -> Sql:
        """Scatter values over 64 bits; where a null stands counts."""
        if not isinstance(op.arg, ops.StructColumn):
            return self.f.anon.xxhash64(arg)
        parts = [self._named(arg, name) for name in op.arg.names]
        return self.f.anon.xxhash64(*parts, *(part.is_(sge.Null()) for part in parts))

    def _named(self, arg: Sql, name: str) -> Sql:
        return sge.Dot.build((sge.paren(arg), sge.to_identifier(name, quoted=True)))


MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


GROWING = {
    c: {"\u00df": "\u1e9e"}.get(c, c.title() if len(c.title()) == 1 else c)
    for c in map(chr, range(0x80, 0x10000))
    if len(c.upper()) > 1
}
"""Letters whose capital is several letters to Java, and the one letter that it is here."""

HELD = "".join(chr(0xE000 + n) for n in range(len(GROWING)))
"""Signs without a meaning, which stand for these letters meanwhile."""


def _never_zero(divisor: ops.Value) -> bool:
    """Say whether a divisor is a number other than zero, or null in the place of zero."""
    if isinstance(divisor, ops.NullIf):
        return isinstance(divisor.null_if_expr, ops.Literal) and divisor.null_if_expr.value == 0
    return isinstance(divisor, ops.Literal) and divisor.value not in (0, None)


def _doubled(pattern: Sql) -> Sql:
    if not isinstance(pattern, sge.Literal):
        raise StudyError("a pattern is a text in single quotes")
    return sge.convert(str(pattern.this).replace("\\", "\\\\"))


def _anchored(pattern: Sql) -> Sql:
    """Write a pattern of RE2 for Java: $ stands for the end of the text alone."""
    if not isinstance(pattern, sge.Literal):
        return pattern
    written, in_class, escaped = "", False, False
    for sign in str(pattern.this):
        if escaped or in_class or sign != "$":
            written += sign
        else:
            written += r"\z"
        if escaped:
            escaped = False
            continue
        escaped = sign == "\\"
        in_class = sign == "[" or (in_class and sign != "]")
    return sge.convert(written)
