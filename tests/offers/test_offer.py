"""What an offer says, and what is none."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from p2p_twisted.offers.limits import OFFER_DAYS, RECIPIENTS
from p2p_twisted.offers.offer import BadOffer, check_into, read_offer, write_offer
from p2p_twisted.wire.names import BadName
from tests.offers.made_offers import NOW, an_offer


class TestOffer:
    """What is offered to whom."""

    def test_is_read_as_it_was_written(self) -> None:
        offer = an_offer(into="lectures/week 3", is_folder=True)
        heard = read_offer(write_offer(offer))
        assert replace(heard, id=offer.id) == offer
        assert read_offer(write_offer(heard)) == heard

    def test_is_called_by_all_that_it_says(self) -> None:
        assert an_offer().id != an_offer(size=6).id != an_offer(sender="ben").id
        assert an_offer().id == an_offer().id

    def test_is_called_by_what_a_later_version_says_as_well(self) -> None:
        """Otherwise peers of two versions would call one offer by two names."""
        assert an_offer(note="soon").id != an_offer().id

    def test_cannot_say_what_it_is_called(self) -> None:
        offer = an_offer(id="f" * 32)
        assert offer.id not in ("f" * 32, "")

    @pytest.mark.parametrize(
        ("folder", "why"),
        [
            (".hid", ".hid is hidden, as its name starts with a dot"),
            ("a/.hid/b", ".hid is hidden, as its name starts with a dot"),
            ("/srv/pushed", "/srv/pushed starts with a slash"),
            ("../up", "a path may not have empty, '.' or '..' components"),
            ("a/./b", "a path may not have empty, '.' or '..' components"),
        ],
    )
    def test_lands_in_no_such_folder(self, folder: str, why: str) -> None:
        """What is wrong with it is said: nothing is shared by that."""
        with pytest.raises(BadName, match=re.escape(why)):
            check_into(folder)

    @pytest.mark.parametrize(
        ("to", "name", "groups", "is_meant"),
        [
            (["@all"], "ben", (), True),
            (["@all"], "anna", (), False),
            (["anna"], "anna", (), False),
            (["ben", "carl"], "carl", (), True),
            (["ben"], "carl", (), False),
            (["@lab"], "carl", ("lab",), True),
            (["@lab"], "lab", (), False),
            (["lab"], "carl", ("lab",), False),
        ],
    )
    def test_is_for_those_whom_it_names(
        self, to: list[str], name: str, groups: tuple[str, ...], is_meant: bool
    ) -> None:
        assert an_offer(to=to).is_for(name, groups) == is_meant

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": "../x"},
            {"name": "a/b"},
            {"name": ""},
            {"name": ".bashrc"},
            {"into": "../up"},
            {"into": "/etc"},
            {"into": ".ssh"},
            {"size": -1},
            {"size": 2**40 + 1},
            {"to": []},
            {"to": ["@all"] * (RECIPIENTS + 1)},
            {"to": ["ALL"]},
            {"until": NOW},
            {"until": NOW + OFFER_DAYS * 86_400 + 1},
            {"lock": "5"},
            {"kind": "stop"},
            {"file_id": "A" * 64},
            {"note": "x" * 2_048},
        ],
    )
    def test_is_none_where_it_says_what_it_may_not(self, wrong: dict[str, object]) -> None:
        with pytest.raises(BadOffer):
            an_offer(**wrong)

    @given(st.binary(max_size=200))
    def test_is_none_that_is_made_of_anything(self, payload: bytes) -> None:
        with pytest.raises(BadOffer):
            read_offer(payload)

    def test_is_at_its_longest_when_it_lasts_for_thirty_days(self) -> None:
        assert an_offer(until=NOW + OFFER_DAYS * 86_400)

    def test_is_one_value(self) -> None:
        offer = an_offer()
        assert replace(offer) == offer
        assert len({offer, replace(offer)}) == 1
