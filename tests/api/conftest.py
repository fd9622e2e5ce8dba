"""What tests of the API begin with."""

import pytest

from tests.api.browser import Browser


@pytest.fixture
def browser() -> Browser:
    return Browser()
