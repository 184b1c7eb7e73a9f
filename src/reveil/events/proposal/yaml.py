"""Names and texts as YAML and expressions write them.

In:  a column's name or a text of the user's.
Out: what a study file says for it.
"""

from __future__ import annotations

import json
import re

_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_RESERVED = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "none", "nan"}


def scalar(text: str) -> str:
    """Write a text so that YAML reads it back as that text.

    Examples
    --------
    >>> print(scalar("Customer ID"), scalar("n°"), scalar("yes"), scalar("2024"))
    Customer ID 'n°' 'yes' '2024'
    """
    if (
        re.fullmatch(r"(\.\./)*[A-Za-z_]([\w ./-]*[\w])?", text, re.ASCII)
        and text.lower() not in _RESERVED
    ):
        return text
    if _UNPRINTED.search(text):
        written = json.dumps(text, ensure_ascii=False)
        return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
    return "'" + text.replace("'", "''") + "'"


def column(name: str) -> str:
    """Write a column's name as expressions do.

    Examples
    --------
    >>> print(column("Unit price"))
    "Unit price"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text as expressions do.

    Examples
    --------
    >>> print(literal("annulé"))
    'annulé'
    """
    return "'" + text.replace("'", "''") + "'"


def expression(text: str) -> str:
    """Write an expression as the value of a column.

    Examples
    --------
    >>> print(expression('"Quantity" * "Price"'))
    {expression: '"Quantity" * "Price"'}
    """
    return f"{{expression: {scalar(text)}}}"
