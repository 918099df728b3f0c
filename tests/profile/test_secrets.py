"""Secrets: never written out in a profile, taken from the environment when they are used, never in a message."""

import pytest

from cockpit.profile.expand import UnsetVariable, expand, references
from cockpit.profile.plain import plain_argument, secret_name
from tests.profile.reading import HEAD, complaints, loaded, probe

VALUE = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (f"kind: http, port: 80, headers: {{Authorization: Bearer {VALUE}}}", "headers.Authorization"),
        (f"kind: http, port: 80, headers: {{api-key: {VALUE}}}", "headers.api-key"),
        (f"kind: http, port: 80, headers: {{X-Auth-Token: {VALUE}}}", "headers.X-Auth-Token"),
        (f"kind: http, port: 80, headers: {{Cookie: sid={VALUE}}}", "headers.Cookie"),
        (f'kind: http, url: "https://me:{VALUE}@host/"', "url"),
        (f'kind: http, url: "https://host/?api_key={VALUE}"', "url"),
        (f'kind: http, port: 80, path: "/?token={VALUE}"', "path"),
        (f'kind: http, port: 80, method: POST, body: \'{{"password": "{VALUE}"}}\'', "body"),
        (f'kind: http, port: 80, method: POST, body: "user=a&password={VALUE}"', "body"),
        (f"kind: exec, argv: [x], environment: {{PGPASSWORD: {VALUE}}}", "environment.PGPASSWORD"),
        (f"kind: exec, argv: [x], environment: {{REDISCLI_AUTH: {VALUE}}}", "environment.REDISCLI_AUTH"),
        (f"kind: command, argv: [x, --password={VALUE}]", "argv[1]"),
        (f"kind: command, argv: [x, --api-token, {VALUE}]", "argv[1]"),
        ("kind: http, port: 80, headers: {X-A: ghp_" + "a1B2" * 9 + "}", "headers.X-A"),
    ],
)
def test_a_secret_that_is_written_out_is_refused_and_not_repeated(body: str, where: str) -> None:
    (found,) = complaints(probe(body))
    assert f"services.web.probes.p.{where}: " in found
    assert "secret" in found
    assert "${NAME}" in found
    assert VALUE not in found


@pytest.mark.parametrize(
    "body",
    [
        'kind: http, port: 80, headers: {Authorization: "Bearer ${TOKEN}", api-key: "${KEY}"}',
        'kind: http, url: "https://me:${PASSWORD}@host/?token=${TOKEN}"',
        'kind: http, port: 80, method: POST, body: \'{"password": "${PASSWORD}", "a": "b"}\'',
        'kind: exec, argv: [x], environment: {PGPASSWORD: "${PGPASSWORD}", PGHOST: db, AUTHOR: me}',
        "kind: command, argv: [x, --password-file, /run/secret, --token-stdin, --auth]",
        "kind: http, port: 80, headers: {X-Author: me, Accept: text/plain}",
    ],
)
def test_references_and_harmless_values_are_fine(body: str) -> None:
    assert complaints(probe(body)) == []


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "api_key", "PGPASSWORD", "SESSION_SECRET", "Set-Cookie"]
)
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize("name", ["Author", "Accept", "Host", "PGHOST", "X-Request-Id", "keyboard", "monkey"])
def test_names_of_no_secrets(name: str) -> None:
    assert not secret_name(name)


def test_an_option_without_a_value_gives_no_secret() -> None:
    assert plain_argument(("x", "--password")) is None
    assert plain_argument(("x", "--password", "--verbose")) is None


def test_variables_that_are_not_set_are_no_errors_but_named_with_their_place() -> None:
    text = probe('kind: http, port: 80, headers: {api-key: "${QDRANT_API_KEY}", b: "${SET}", c: "${EMPTY}"}')
    found = loaded(text, {"SET": "x", "EMPTY": ""})
    assert found.profile is not None
    assert [(unset.name, unset.where) for unset in found.unset] == [
        ("QDRANT_API_KEY", "services.web.probes.p.headers.api-key"),
        ("EMPTY", "services.web.probes.p.headers.c"),
    ]
    assert str(found.unset[0].issue) == (
        "x.yaml:4:101: services.web.probes.p.headers.api-key:"
        " QDRANT_API_KEY is not set; allowed: a value in the environment"
    )


def test_values_never_enter_the_loaded_profile() -> None:
    found = loaded(probe('kind: http, port: 80, headers: {api-key: "${KEY}"}'), {"KEY": VALUE})
    assert VALUE not in repr(found)
    assert "${KEY}" in repr(found)


def test_text_for_people_may_hold_anything_that_looks_like_a_reference() -> None:
    found = loaded(HEAD + 'notes: "set ${KEY} first"', {})
    assert (found.errors, found.unset) == ((), ())


def test_expand_replaces_at_use_and_tells_each_value_before() -> None:
    told: list[str] = []
    text = expand("Bearer ${A}-${B} $${C} $D", {"A": "one", "B": "${A}"}, told.append)
    assert text == "Bearer one-${A} ${C} $D"
    assert told == ["one", "${A}"]


def test_expand_names_the_variable_that_is_missing() -> None:
    told: list[str] = []
    with pytest.raises(UnsetVariable) as caught:
        expand("${A}${B}", {"A": "one"}, told.append)
    assert (str(caught.value), caught.value.name) == ("B is not set", "B")


def test_references_are_found_once_each() -> None:
    assert references("${A} ${B_1} ${A} $${C} ${1} ${}") == ("A", "B_1")
