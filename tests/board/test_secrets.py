"""Masking: known values everywhere, and what looks like a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.secrets import LARGE, MASK, Secrets
from cockpit.board.text import safe

SECRET = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789"), min_size=10, max_size=40).map(
    "Zq9{}".format
)
FORMS = (
    "password={}", "POSTGRES_PASSWORD: '{} with words'", '{{"password": "{}", "a": 1}}', '{{\\"passwd\\":\\"{}\\"}}',
    "api_key => {}", "X-Api-Key: {}", "AWS_SECRET_ACCESS_KEY={}", "client_secret={}&x=1", "access_token={}",
    '"token": "{}"', "Authorization: Bearer {}", "authorization: basic {}==", 'Authorization: Digest response="{}"',
    "Proxy-Authorization: {}", "postgres://user:{}@db:5432/x", "redis://:{}@host", "postgres://u:p@{}@db/x",
    "Cookie: a=b; sid={}", "Set-Cookie: sid={}; Path=/", "psql --password {} -h db", "run --db-token {}",
    "sent Bearer {}", "key ghp_{}0123456789", "sk-{}0123456789", "glpat-{}0123456789", "eyJhbGciOiJI.{}.sig",
    "-----BEGIN RSA PRIVATE KEY-----{}",
)  # fmt: skip


@given(SECRET, st.sampled_from(FORMS))
def test_what_looks_like_a_secret_is_masked(secret: str, form: str) -> None:
    masked = Secrets().mask(form.format(secret))
    assert secret not in masked
    assert MASK in masked


LOG = "14:27:52 INFO GET http://api:8080/orders 200 in 3 ms, pool 17 of 20\n" * (LARGE // 60 + 1)
"""Long enough that it is looked through at once first, and without a secret."""


@given(SECRET, st.sampled_from(FORMS))
def test_in_a_long_text_too(secret: str, form: str) -> None:
    masked = Secrets().mask(LOG + form.format(secret) + "\n" + LOG)
    assert secret not in masked
    assert masked.startswith(LOG)


@given(st.text(min_size=4, max_size=30))
def test_a_known_value_is_never_left_in_a_long_text(value: str) -> None:
    secrets = Secrets(f"another-value-{number}" for number in range(3))
    assert secrets.mask(LOG) == LOG
    assert secrets.register(value)
    assert value not in secrets.mask(LOG + value).replace(MASK, "\x00")


@pytest.mark.parametrize(
    "text",
    [
        "tokens: 123 max_tokens=4096",
        "invalid token: expired",
        'FATAL: password authentication failed for user "postgres"',
        "secretName: pull-credentials-none",
        "pass=12 fail=0",
        "task-abcdefghijklmnopqrstuv started",
        "GET http://example.com:8080/path 200",
        "https://example.com/a@b:c",
        "2026-03-01T14:00:00 auth: session opened",
    ],
)
def test_what_a_responder_needs_is_left(text: str) -> None:
    assert Secrets().mask(text) == text


@given(st.text(min_size=4, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_known_value_is_never_left(value: str, before: str, after: str) -> None:
    secrets = Secrets()
    assert secrets.register(value)
    assert value not in secrets.mask(before + value + after).replace(MASK, "\x00")


def test_the_longest_value_goes_first_and_other_spellings_too() -> None:
    secrets = Secrets(["hunter", "hunter2/x y"])
    assert secrets.mask("a hunter2/x y b hunter c hunter2%2Fx%20y") == "a *** b *** c ***"


def test_short_and_spared_values_are_refused() -> None:
    secrets = Secrets(spare=["postgres"])
    assert not secrets.register("abc")
    assert not secrets.register("postgres")
    assert secrets.mask("abc postgres") == "abc postgres"


def test_the_number_of_values_is_bounded() -> None:
    secrets = Secrets(f"value{number}" for number in range(1000))
    assert not secrets.register("one too many")


@pytest.mark.parametrize(
    "hostile",
    ["eyJ", "password ", "://a:", "://a@", "bearer ", "token: a", "-----BEGIN ", "sk-", "--password ", "a:", "=\\\"'",
     "authorization: aaa ", "password='"],
)  # fmt: skip
@pytest.mark.parametrize("lead", ["", "://", "eyJ"])
def test_hostile_input_is_seen_once(hostile: str, lead: str) -> None:
    text = lead + hostile * (100_000 // len(hostile))
    assert Secrets(["some value"]).mask(safe(text, 10**6))
