"""What holds for every address."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    "address",
    [
        "/?run=%00",
        "/?dataset=a%00b",
        "/api/v1/samples?run=%00",
        "/api/v1/datasets?search=%00",
        "/api/v1/lumis/1/%00/b/c",
        "/browse/1/a%00/b/c",
    ],
)
def test_an_address_with_nul_is_refused_on_either_database(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_a_user_name_with_nul_is_only_wrong(client: FlaskClient) -> None:
    assert client.post("/account/sign-in", data={"name": "a\0b", "password": "x"}).status_code == 401
