"""Values against types: what a text means, and one complaint for each that does not fit."""

import pytest

from cockpit.profile.probes import HttpProbe
from cockpit.profile.schema import Profile, Service
from tests.profile.reading import ENGINE, HEAD, complaints, good, probe, service


def http(body: str) -> HttpProbe:
    found = good(probe(f"kind: http, port: 80, {body}")).services["web"].probes["p"]
    assert isinstance(found, HttpProbe)
    return found


def test_the_smallest_profile() -> None:
    assert good(HEAD) == Profile(version=1, name="shop")


def test_the_type_decides_what_a_text_means() -> None:
    found = http("headers: {X-Debug: true, X-No: no, X-Port: 08080}, status: [200, 404, 3xx]")
    assert found.headers == {"X-Debug": "true", "X-No": "no", "X-Port": "08080"}
    assert found.status == ("200", "404", "3xx")


def test_expected_json_values_keep_their_own_type() -> None:
    found = http('json: {a: ok, b: 3, c: 1.5, d: true, e: null, f: "3", g: no}')
    assert found.json == {"a": "ok", "b": 3, "c": 1.5, "d": True, "e": None, "f": "3", "g": "no"}
    assert isinstance(found.json["b"], int)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90.0), ("1.5", 1.5), ("30s", 30.0), ("5m", 300.0), ("2h", 7200.0), ("1h30m", 5400.0), ("1500ms", 1.5)],
)
def test_durations(written: str, seconds: float) -> None:
    assert http(f"timeout: 1ms, every: {written}").every == seconds


def test_nothing_written_is_an_empty_list_or_mapping() -> None:
    assert good(f"{ENGINE}services:\n  web:\n  db: {{probes: , depends_on: }}\nseverities:\n").services == {
        "web": Service(),
        "db": Service(),
    }


def test_null_is_none_where_none_is_meant() -> None:
    assert http("slow: null").slow is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "1:1: profile: a list is not allowed; allowed: a mapping of backends, description, discover"),
        ("just text", "1:1: profile: 'just text' is not allowed; allowed: a mapping of backends"),
        ("name: x", "1:1: profile: 'version' is missing; allowed: 1"),
        ("version: 1", "1:1: profile: 'name' is missing; allowed: letters, digits and _ . - in it"),
        ("version: 1\nname:", "2:6: name: nothing is not allowed; allowed: letters"),
        ("version: '1'\nname: x", "1:10: version: the text '1' is not allowed; allowed: 1"),
        (HEAD + "colour: red", "3:1: profile: unknown key 'colour'; allowed: backends"),
        (HEAD + "Services: {}", "3:1: profile: unknown key 'Services'; did you mean 'services'? allowed: backends"),
        (HEAD + "services: [web]", "3:11: services: a list is not allowed; allowed: a mapping (name: a mapping)"),
        (HEAD + "services: {a b: {}}", "3:12: services.a b: 'a b' is not allowed; allowed: letters, digits"),
        (HEAD + "services: {-a: {}}", "3:12: services.-a: '-a' is not allowed; allowed: letters, digits"),
        (HEAD + "services: {? [a] : {}}", "3:14: services.?: a list is not allowed as a key; allowed: a name"),
        (HEAD + "discover: yes", "3:11: discover: 'yes' is not allowed; allowed: true or false"),
        (HEAD + 'discover: "true"', "3:11: discover: the text 'true' is not allowed; allowed: true or false"),
        (
            HEAD + "host: {cpu: {warn_above: much}}",
            "3:26: host.cpu.warn_above: 'much' is not allowed; allowed: a number",
        ),
        (
            HEAD + "host: {cpu: {warn_above: .inf}}",
            "3:26: host.cpu.warn_above: '.inf' is not allowed; allowed: a number",
        ),
        (HEAD + "links: {a: [b]}", "3:12: links.a: a list is not allowed; allowed: http://host"),
        (HEAD + "name: again", "3:1: name: stands here twice, first in line 2; allowed: once"),
        (HEAD + "<<: {a: b}", "3:1: <<: merge keys are not read; allowed: an alias for a whole value: key: *name"),
        (HEAD + 'notes: "\\e[2J"', "3:8: notes: the character U+001B is not allowed here; allowed: printable text of"),
        (HEAD + 'environment: "a\\u202eb"', "3:14: environment: the character U+202E is not allowed here"),
        (service("tier: 0"), "4:24: services.web.tier: '0' is not allowed; allowed: 1 critical .. 4 low"),
        (service("tier: 1.0"), "4:24: services.web.tier: '1.0' is not allowed; allowed: 1 critical .. 4 low"),
        (
            service("depends_on: db"),
            "4:30: services.web.depends_on: 'db' is not allowed; allowed: a list ([a text, ...])",
        ),
        (service("logs: {a: {}}"), "4:25: services.web.logs.a: 'file' is missing; allowed: an absolute path"),
        (service("links: {a: grafana}"), "4:29: services.web.links.a: 'grafana' is no URL; allowed: http://host"),
        (service('owner: "a${TEAM}"'), ""),
        (
            service('workloads: [{compose: "${NAME}"}]'),
            "4:40: services.web.workloads[0].compose: '${NAME}' is not replaced",
        ),
        (
            service("workloads: [{port: 70000}]"),
            "4:37: services.web.workloads[0].port: '70000' is not allowed; allowed: 1 to",
        ),
        (
            service('workloads: [{command: "("}]'),
            "4:40: services.web.workloads[0].command: '(' is no regular expression",
        ),
        (
            service("probes: {p: http}"),
            "4:30: services.web.probes.p: 'http' is not allowed; allowed: a mapping with kind: comm",
        ),
        (
            service("probes: {p: {}}"),
            "4:27: services.web.probes.p: 'kind' is missing; allowed: command, exec, http, promql",
        ),
        (
            service("probes: {p: {kind: htpp}}"),
            "4:37: services.web.probes.p.kind: unknown kind 'htpp'; did you mean 'http'?",
        ),
        (probe("kind: http, port: 80, methd: GET"), "did you mean 'method'?"),
        (probe("kind: http, port: 80, method: GTE"), "'GTE' is not allowed; did you mean 'GET'? allowed: GET, HEAD"),
        (probe("kind: http, port: 80, status: []"), "services.web.probes.p.status: 0 values; allowed: 1 to 1000"),
        (probe("kind: http, port: 80, status: [abc]"), "'abc' is not allowed; allowed: a code, a range or a class"),
        (probe("kind: http, port: 80, status: [299-200]"), "'299-200' goes backwards; allowed: 200-299"),
        (probe("kind: http, port: 80, every: 5 minutes"), "'5 minutes' is no duration; allowed: seconds, or 500ms"),
        (probe("kind: http, port: 80, every: 10ms"), "'10ms' is out of range; allowed: 1s to 1d"),
        (probe("kind: http, port: 80, every: [5]"), "a list is not allowed; allowed: seconds, or 500ms"),
        (probe("kind: http, port: 80, path: health"), "'health' is no path; allowed: /health, /ready?full=1"),
        (probe('kind: http, port: 80, headers: {"a b": c}'), "'a b' is not allowed; allowed: the name of a header"),
        (
            probe('kind: http, port: 80, headers: {a: "b\\nc"}'),
            "U+000A is not allowed here; allowed: printable text of one",
        ),
        (probe('kind: http, port: 80, json: {"a[": 1}'), "'a[' is no path; allowed: status, checks.db.state"),
        (probe('kind: http, url: "ftp://x"'), "'ftp://x' is no URL; allowed: http://host"),
        (probe('kind: http, url: "http://x:99999"'), "'http://x:99999' is no URL; allowed: http://host"),
        (
            probe('kind: http, url: "http://${HOST:-x}/"'),
            "holds a broken reference; allowed: ${NAME} without a default",
        ),
        (probe("kind: http, port: 80, ca: ca.pem"), "'ca.pem' is no absolute path; allowed: /run/x.pid"),
        (probe("kind: http, port: 80, redirects: 11"), "'11' is not allowed; allowed: a whole number from 0 to 10"),
        (probe("kind: tcp, address: somewhere"), "'somewhere' is no address; allowed: host:port, [::1]:port"),
        (probe('kind: tcp, address: "h:0"'), "'h:0' is no address; allowed: host:port"),
        (probe("kind: exec"), "services.web.probes.p: 'argv' is missing; allowed: a list"),
        (probe('kind: exec, argv: [sh, -c, "echo ${PW}"]'), "${PW} is not replaced in argv, which `ps` shows; put it"),
        (probe("kind: promql"), "services.web.probes.p: 'query' is missing; allowed: a text"),
        (probe('kind: promql, query: ""'), "services.web.probes.p.query: '' is not allowed; allowed: a text"),
        (probe("kind: exec, argv: [x], environment: {1A: b}"), "'1A' is not allowed; allowed: letters, digits and _"),
        (HEAD + "severities: {A: {acknowledge: 0}}", "'0' is out of range; allowed: 1s to 366d"),
    ],
)
def test_one_complaint_for_each_mistake(text: str, expected: str) -> None:
    found = complaints(text)
    if not expected:
        assert found == []
        return
    assert len(found) == 1 or (expected in found[0] and "is missing" in found[-1]), found
    assert expected in found[0]


def test_what_follows_from_a_mistake_is_not_reported_again() -> None:
    text = (
        ENGINE
        + "services:\n"
        + "  a: {depends_on: [b, c], workloads: [7, {compose: x, backend: dokcer}]}\n"
        + "  b: 5\n"
        + "  c: {tier: 9}\n"
    )
    assert [line.split(": ", 1)[1].split(":")[0] for line in complaints(text)] == [
        "services.a.workloads[0]",
        "services.a.workloads[1].backend",
        "services.b",
        "services.c.tier",
    ]


def test_more_than_a_hundred_errors_are_counted() -> None:
    found = complaints(HEAD + "".join(f"k{number}: 1\n" for number in range(130)))
    assert len(found) == 101
    assert found[-1] == "and 30 more errors"


def test_a_long_or_strange_text_is_cut_and_printable_in_a_message() -> None:
    (found,) = complaints(HEAD + f'discover: "{"a" * 500}\\u001b"')
    assert len(found) < 150
    assert found.isprintable()


def test_a_password_in_a_url_is_not_repeated_in_a_message() -> None:
    (found,) = complaints(HEAD + "links: {a: 'ftp://me:hunter2@host/'}")
    assert "hunter2" not in found
