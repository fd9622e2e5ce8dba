"""Read what a request says: strictly, so that a mistake is named and not passed over."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import attrs
import msgspec

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.limits import BODY_DEPTH
from p2p_twisted.api.request_fields import Query

Q = TypeVar("Q", bound=Query)

_FAULT_CHARACTERS: Final = 300
_LENGTH: Final = re.compile(r"Expected `(array|str)` of length ([<>]=) (\d+) - at `\$\.(\w+)")

_NUMBER: Final = re.compile(r"Expected `(?:int|float)` ([<>]=) (\d+) - at `\$\.(\w+)")


def read_body(body: bytes, kind: type[Q]) -> Q:
    """
    Read the JSON of a body; an empty one has no fields.

    :raises BadRequest: when it is not JSON, or says what it may not.
    """
    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse) if text else {}
        _check(value)
    except UnicodeDecodeError:
        raise BadRequest("bad_request", "the body is not UTF-8") from None
    except RecursionError:
        raise BadRequest("bad_request", "the body is nested too deeply") from None
    except ValueError as error:
        raise BadRequest("bad_request", f"the body is not JSON: {error}") from None
    return _converted(value, kind, strict=True)


def read_query(arguments: Mapping[bytes, Sequence[bytes]], kind: type[Q]) -> Q:
    """
    Read the fields of a query string.

    :raises BadRequest: when a field is unknown, twice there, or of the wrong kind.
    """
    fields: dict[str, str] = {}
    for name, values in arguments.items():
        try:
            [value] = values
            fields[name.decode()] = value.decode()
        except UnicodeDecodeError:
            raise BadRequest("bad_request", "the query is not UTF-8") from None
        except ValueError:
            raise BadRequest("bad_request", "a field is given more than once") from None
    return _converted(fields, kind, strict=False)


def _converted(value: Any, kind: type[Q], strict: bool) -> Q:
    known = attrs.fields_dict(kind)
    if isinstance(value, dict) and (unknown := sorted(value.keys() - known)):
        takes = f"; there is {', '.join(known)}" if known else ""
        raise BadRequest("bad_request", f"there is no field {unknown[0][:40]!r}{takes}")
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise BadRequest("bad_request", _in_words(str(error))) from None


def _in_words(fault: str) -> str:
    """Say of what is too much or little, or too long or short, how much or long it may be."""
    if (match := _NUMBER.match(fault)) is not None:
        order, number, field = match.groups()
        return f"{field}: say {_bound(order, number)}"
    if (match := _LENGTH.match(fault)) is None:
        return fault[:_FAULT_CHARACTERS]
    kind, order, number, field = match.groups()
    bound = _bound(order, number)
    if kind == "array":
        return f"{field}: say {bound} at once"
    return f"{field}: a text has {bound} character{'' if number == '1' else 's'}"


def _bound(order: str, number: str) -> str:
    return f"at {'most' if order == '<=' else 'least'} {int(number):,}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given more than once")
    return fields


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _check(value: Any) -> None:
    """Refuse what is nested too deeply, and halves of characters, which nobody can be sent."""
    layer = [value]
    for _ in range(BODY_DEPTH + 1):
        for each in layer:
            if isinstance(each, str) and not each.isascii():
                each.encode()
        layer = [
            inner
            for each in layer
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    if layer:
        raise BadRequest("bad_request", "the body is nested too deeply")
