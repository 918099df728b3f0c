"""Rules over several values: backends, selectors, dependencies, thresholds, probes, metrics."""

import pytest

from cockpit.profile.schema import Selector
from cockpit.profile.words import Duration
from tests.profile.reading import ENGINE, HEAD, complaints, good, probe, service

SELECT = (
    "allowed: one of compose, container, swarm, deployment, statefulset, daemonset, cronjob, job, pod, node, "
    "service, pidfile, port, command"
)


def backends(body: str, rest: str = "") -> str:
    return f"{HEAD}backends: {{{body}}}\n{rest}"


def services(body: str) -> str:
    return f"{ENGINE}services: {{{body}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            backends("a: {kind: docker, namespace: x}"),
            "backends.a.namespace: not for kind docker; allowed: for kubernetes",
        ),
        (backends("a: {kind: process, host: x}"), "backends.a.host: not for kind process; allowed: for docker"),
        (
            backends("a: {kind: demo, context: x}"),
            "backends.a.context: not for kind demo; allowed: for docker and kubern",
        ),
        (backends("a: {kind: docker, host: localhost}"), "'localhost' is no engine's address; allowed: unix:///path"),
        (
            backends('a: {kind: docker, host: "tcp://h:1", context: c}'),
            "backends.a.context: stands beside host; allowed: one",
        ),
        (
            backends("a: {kind: docker, tls_cert: /c}"),
            "backends.a: tls_cert and tls_key belong together; allowed: both",
        ),
        (service("workloads: [{}]"), f"services.web.workloads[0]: selects nothing; {SELECT}"),
        (service("workloads: [{backend: docker}]"), f"services.web.workloads[0]: selects nothing; {SELECT}"),
        (service("workloads: [{compose: a, swarm: b}]"), f"workloads[0]: compose and swarm select twice; {SELECT}"),
        (
            service("workloads: [{compose: a, backend: dokcer}]"),
            "unknown backend 'dokcer'; did you mean 'docker'? allowed:",
        ),
        (
            service("workloads: [{port: 80}]"),
            "workloads[0].port: needs a backend of kind process; allowed: one declared",
        ),
        (
            service("workloads: [{service: a, backend: docker}]"),
            "workloads[0].backend: is of kind docker, service needs demo; there is none",
        ),
        (
            backends("a: {kind: process}", "services: {web: {workloads: [{port: 80, project: x}]}}"),
            "workloads[0].project: not with port; allowed: with compose, container and swarm",
        ),
        (
            service("workloads: [{compose: a, namespace: x}]"),
            "workloads[0].namespace: not with compose; allowed: with workloads of Kubernetes",
        ),
        (
            backends("a: {kind: docker}", "services: {web: {workloads: [{deployment: web}]}}"),
            "workloads[0].deployment: needs a backend of kind kubernetes; allowed: one declared",
        ),
        (services("a: {depends_on: [bb]}, b: {}"), "services.a.depends_on[0]: unknown service 'bb'; did you mean 'b'?"),
        (services("a: {depends_on: [b, b]}, b: {}"), "services.a.depends_on[1]: 'b' stands here twice; allowed: once"),
        (
            services("a: {depends_on: [a]}"),
            "services.a.depends_on[0]: services depend on each other: a -> a; allowed: no",
        ),
        (service("thresholds: {cpuu: {warn_above: 1}}"), "thresholds.cpuu: unknown metric 'cpuu'; did you mean 'cpu'?"),
        (service("thresholds: {cpu: {}}"), "services.web.thresholds.cpu: no limit; allowed: warn_above, bad_above"),
        (
            service("thresholds: {cpu: {warn_above: 90, bad_above: 80}}"),
            "services.web.thresholds.cpu.bad_above: 80 is below warn_above; allowed: 90 or more",
        ),
        (
            service("thresholds: {cpu: {warn_below: 3, bad_below: 5}}"),
            "services.web.thresholds.cpu.bad_below: 5 is above warn_below; allowed: 3 or less",
        ),
        (HEAD + "thresholds: {latency: {warn_above: 1}}", "thresholds.latency: unknown metric 'latency'; allowed: cpu"),
        (HEAD + "host: {disk: {}}", "host.disk: no limit; allowed: warn_above"),
        (service('logs: {a: {file: ""}}'), "services.web.logs.a.file: names no file; allowed: an absolute path"),
        (service('links: {a: ""}'), "services.web.links.a: leads nowhere; allowed: http://host"),
        (probe("kind: http"), "services.web.probes.p: does not say where; allowed: one of url and port"),
        (
            probe('kind: http, url: "http://a", port: 80'),
            "probes.p: url and port both say where; allowed: one of url and",
        ),
        (
            probe('kind: http, url: "http://a", path: /b'),
            "probes.p.path: stands beside url; allowed: with port, or as a",
        ),
        (probe('kind: http, url: "http://a", scheme: https'), "probes.p.scheme: stands beside url; allowed: with port"),
        (
            service("probes: {p: {kind: http, port: 80}}"),
            "probes.p.port: the service has no workload whose port it could",
        ),
        (probe("kind: tcp"), "services.web.probes.p: does not say where; allowed: one of address and port"),
        (
            probe('kind: tcp, address: "a:1", port: 1'),
            "address and port both say where; allowed: one of address and port",
        ),
        (
            probe("kind: http, port: 80, timeout: 20s"),
            "p.timeout: the timeout of 20s is longer than every 10s; allowed: up",
        ),
        (
            probe("kind: http, port: 80, every: 1s"),
            "p.every: the timeout of 3s is longer than every 1s; allowed: up to that",
        ),
        (
            service("probes: {p: {kind: exec, argv: [x]}}"),
            "probes.p: the service has no container to run it in; allowed: with",
        ),
        (
            probe('kind: exec, argv: [""]'),
            "services.web.probes.p.argv[0]: no command; allowed: a program's name or path",
        ),
        (
            probe("kind: promql, query: up, threshold: {}"),
            "services.web.probes.p.threshold: no limit; allowed: warn_above",
        ),
        (
            probe("kind: http, port: 80, samples: {a: {}}"),
            "samples.a: no number is named; allowed: one of metric, json, patt",
        ),
        (
            probe("kind: http, port: 80, samples: {a: {metric: b, json: c}}"),
            "samples.a: metric and json both say where the number is; allowed: one of metric, json, pattern",
        ),
        (
            probe("kind: http, port: 80, samples: {a: {json: c, labels: {d: e}}}"),
            "samples.a.labels: labels without a metric; allowed: with metric",
        ),
        (
            probe("kind: http, port: 80, samples: {cpu: {json: c}}"),
            "samples.cpu: cpu is measured without a probe; allowed: a",
        ),
        (
            service("metrics: {a: {probe: pp, json: b}}, probes: {p: {kind: command, argv: [x]}}"),
            "services.web.metrics.a.probe: unknown probe 'pp'; did you mean 'p'? allowed: p",
        ),
        (
            service("metrics: {a: {probe: p, json: b}}"),
            "services.web.metrics.a.probe: unknown probe 'p'; there is none",
        ),
        (
            service(
                "metrics: {a: {probe: p, json: b}}, probes: {p: {kind: command, argv: [x], samples: {a: {json: b}}}}"
            ),
            "services.web.metrics.a: is a sample of that probe too; allowed: one of both",
        ),
    ],
)
def test_one_complaint_for_each_rule(text: str, expected: str) -> None:
    (found,) = complaints(text)
    assert expected in found


def test_each_circle_of_dependencies_is_told_once_and_in_reading_order() -> None:
    found = complaints(
        services(
            "a: {depends_on: [b]}, b: {depends_on: [c]}, c: {depends_on: [a]},"
            " d: {depends_on: [e]}, e: {depends_on: [d]}"
        )
    )
    assert len(found) == 2
    assert any("a -> b -> c -> a" in line or "b -> c -> a -> b" in line or "c -> a -> b -> c" in line for line in found)
    assert any("d -> e -> d" in line or "e -> d -> e" in line for line in found)


def test_a_diamond_is_no_circle() -> None:
    assert complaints(services("a: {depends_on: [b, c]}, b: {depends_on: [d]}, c: {depends_on: [d]}, d: {}")) == []


def test_a_thousand_services_in_a_row_are_read() -> None:
    row = ", ".join(f"s{number}: {{depends_on: [s{number + 1}]}}" for number in range(1000))
    assert complaints(services(f"{row}, s1000: {{}}")) == []


def test_the_only_backend_that_fits_is_named_in_a_loaded_selector() -> None:
    profile = good(
        HEAD
        + "backends: {main: {kind: docker}, local: {kind: process}}\n"
        + "services: {web: {workloads: [{compose: web}, {port: 80}]}}\n"
    )
    assert [selector.backend for selector in profile.services["web"].workloads] == ["main", "local"]


def test_with_several_engines_a_selector_without_a_backend_means_all_of_them() -> None:
    profile = good(
        HEAD + "backends: {a: {kind: docker}, b: {kind: docker}}\nservices: {web: {workloads: [{compose: web}]}}\n"
    )
    assert profile.services["web"].workloads == (Selector(compose="web"),)


def test_a_metric_stands_among_the_samples_of_its_probe() -> None:
    web = good(
        service(
            "workloads: [{compose: web}], probes: {m: {kind: http, port: 80, path: /metrics}},"
            " metrics: {errors: {probe: m, metric: errors_total, labels: {code: 500}, rate: true,"
            " threshold: {warn_above: 1}}},"
            " thresholds: {errors: {bad_above: 9}}"
        )
    ).services["web"]
    sample = web.probes["m"].samples["errors"]
    assert (sample.metric, sample.labels, sample.rate) == ("errors_total", {"code": "500"}, True)
    assert sample.threshold.warn_above == 1
    assert web.metrics["errors"].probe == "m"


def test_a_service_may_have_neither_workload_nor_probe() -> None:
    assert complaints(service("notes: nobody can reach it yet")) == []


def test_the_order_of_severities_is_the_files() -> None:
    profile = good(HEAD + "severities: {P1: {acknowledge: 1h}, P0: {escalate: 0, resolve: 4h}}")
    assert list(profile.severities) == ["P1", "P0"]
    assert profile.severities["P0"].escalate == Duration(0)
    assert profile.severities["P0"].resolve == Duration(14_400)
