"""What `cockpit validate` and `cockpit schema` print."""

import json
from pathlib import Path
from typing import Any

from cockpit.profile.jsonschema import schema_json
from cockpit.profile.validate import report, validate
from tests.profile.reading import ENGINE, HEAD, loaded


def test_a_good_profile_is_summed_up_with_all_that_it_runs() -> None:
    text = ENGINE + (
        "services:\n"
        "  db:\n"
        "    workloads: [{compose: db}]\n"
        "    probes:\n"
        "      ready: {kind: exec, argv: [pg_isready, -U, my user]}\n"
        "      query: {kind: command, argv: [psql, -c, 'SELECT\\n1'], every: 1m}\n"
        "      port: {kind: tcp, port: 5432}\n"
        "  auth: {tier: 1}\n"
    )
    lines, code = report(loaded(text))
    assert code == 0
    assert list(lines) == [
        "x.yaml: well formed: shop, 2 services, 3 probes, 1 backend, 0 severities",
        "not watched (neither workload nor probe): auth",
        "runs in an instance, every 10s: db/ready: pg_isready -U 'my user'",
        "runs on this machine, every 1m: db/query: psql -c 'SELECT\\n1'",
    ]


def test_a_variable_that_is_not_set_is_a_mistake_for_validate() -> None:
    text = ENGINE + "services: {a: {probes: {p: {kind: http, url: 'http://${HOST}/'}}}}\n"
    assert report(loaded(text)) == (
        ("x.yaml:4:46: services.a.probes.p.url: HOST is not set; allowed: a value in the environment",),
        64,
    )
    assert report(loaded(text, {"HOST": "h"})).code == 0


def test_errors_and_unset_variables_come_in_the_order_of_the_file() -> None:
    text = HEAD + "a: 1\nservices: {w: {probes: {p: {kind: http, url: 'http://${HOST}/'}}}}\nb: 2\n"
    assert [int(line.split(":")[1]) for line in report(loaded(text)).lines] == [3, 4, 5]


def test_a_missing_file_is_exit_64(tmp_path: Path) -> None:
    lines, code = validate(tmp_path / "x.yaml", {})
    assert (len(lines), code) == (1, 64)


def schema() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(schema_json())
    return made


def test_the_schema_says_what_a_profile_is() -> None:
    made = schema()
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in made
    assert made["$ref"] == "#/$defs/Profile"
    assert made["$defs"]["Profile"]["required"] == ["version", "name"]
    assert made["$defs"]["Profile"]["additionalProperties"] is False


def test_the_schema_has_the_words_that_stand_under_the_fields() -> None:
    defs = schema()["$defs"]
    assert defs["Selector"]["properties"]["compose"]["description"] == "A Compose service by name."
    assert defs["HttpProbe"]["properties"]["critical"]["description"].startswith("False: a failure makes the service")
    assert defs["MetricSpec"]["properties"]["rate"]["description"].startswith("Show its increase a second")
    assert defs["Service"]["properties"]["tier"]["description"] == "1 critical .. 4 low"
    assert defs["Action"]["properties"]["stages"]["description"].startswith("All steps once for each stage")


def test_every_kind_of_thing_has_a_description() -> None:
    for name, made in schema()["$defs"].items():
        assert made.get("description"), name


def test_the_schema_lets_an_editor_accept_what_the_loader_does() -> None:
    defs = schema()["$defs"]
    assert defs["HttpProbe"]["properties"]["every"]["type"] == ["number", "string"]
    assert defs["HttpProbe"]["properties"]["status"]["items"]["type"] == ["string", "integer"]
    kinds = {
        ref["$ref"].rpartition("/")[2]
        for ref in defs["Service"]["properties"]["probes"]["additionalProperties"]["anyOf"]
    }
    assert kinds == {"HttpProbe", "TcpProbe", "ExecProbe", "CommandProbe", "PromqlProbe"}
