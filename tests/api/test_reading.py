"""What bodies and queries say, and what they may not."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from p2p_twisted.api import limits, request_fields
from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.reading import read_body, read_query

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_body() -> None:
    """Fields that are left out have their defaults."""
    assert read_body(b'{"names": ["a.txt"]}', request_fields.GetQuery) == request_fields.GetQuery(
        names=("a.txt",)
    )
    assert read_body(b"", request_fields.NoQuery) == request_fields.NoQuery()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b'{"names": ["a"], "name": "b"}',
            "there is no field 'name'; there is names, numbers, peer, numbered",
        ),
        (b'{"names": ["a"], "names": ["b"]}', "a field is given more than once"),
        (b'{"names": [""]}', "names: a text has at least 1 character$"),
        (b'{"numbers": [0]}', "numbers: say at least 1"),
        (b'{"numbers": ["1"]}', "Expected `int`, got `str`"),
        (b'{"numbers": [' + b"1," * 1_000 + b"1]}", "numbers: say at most 1,000 at once"),
        (b'{"names": [1]}', "Expected `str`, got `int`"),
        (b'{"names": "a"}', "Expected `array`, got `str`"),
        (b'["a"]', "Expected `object`, got `array`"),
        (b'{"names": ["a"], "peer": NaN}', "NaN is no number"),
        (b"\xff", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 20 + b"]" * 20, "nested too deeply"),
        (b"[" * 60_000 + b"]" * 60_000, "nested too deeply"),
        (b'{"names": [' + b'"a",' * 1_000 + b'"a"]}', "names: say at most 1,000 at once"),
        (b'{"peer": "' + b"a" * 2_000 + b'"}', "peer: a text has at most 1,024 characters"),
        (b'{"names": [' + b"9" * 5_000 + b"]}", "not JSON"),
    ],
)
def test_refused(body: bytes, why: str) -> None:
    """Whatever is wrong is named."""
    with pytest.raises(BadRequest, match=why.replace("[", r"\[")) as refused:
        read_body(body, request_fields.GetQuery)
    assert refused.value.code == "bad_request"


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
@example(b'{"up": 1e400}')
@example(b'{"up": -1}')
@example(b'{"up": true}')
@example('{"up": "\ud800"}'.encode("utf-8", "surrogatepass"))
def test_hostile(body: bytes) -> None:
    """Nothing that a body says is unforeseen."""
    for kind in (request_fields.GetQuery, request_fields.LimitsQuery, request_fields.NoQuery):
        try:
            read = read_body(body, kind)
        except BadRequest:
            continue
        assert isinstance(read, kind)


def test_query() -> None:
    """Each field is there at most once."""
    assert read_query({b"text": [b"*.txt"]}, request_fields.FindQuery) == request_fields.FindQuery(
        text="*.txt"
    )
    assert read_query({}, request_fields.FilesQuery) == request_fields.FilesQuery(peer=None)
    for wrong in (
        {b"text": [b"a", b"b"]},
        {b"text": [b""]},
        {b"text": [b"\xff"]},
        {b"text": [b"a" * 2_000]},
        {b"text": [b"a"], b"peer": [b"s1"]},
        {},
    ):
        with pytest.raises(BadRequest):
            read_query(wrong, request_fields.FindQuery)


def test_depth() -> None:
    """As deep as the limit is not too deep."""
    nested = b"[" * limits.BODY_DEPTH + b"]" * limits.BODY_DEPTH
    with pytest.raises(BadRequest, match="there is no field"):
        read_body(b'{"x": ' + nested[1:-1] + b"}", request_fields.GetQuery)
