"""The instance column of a log tells its writers apart, however long their names are."""

from cockpit.ui.widgets.logtext import short_names


def test_of_a_rollout_the_pods_own_ends_are_enough() -> None:
    pods = ["checkout-tg9fhgmvgp-6nsr7", "checkout-v7x88dmd6h-lmwx9", "checkout-v7x88dmd6h-r9jxq"]
    names = short_names(pods)
    assert names == {pod: pod[-5:] for pod in pods}


def test_pods_of_several_workloads_keep_more_than_their_ends() -> None:
    pods = ["checkout-tg9fhgmvgp-6nsr7", "web-v7x88dmd6h-lmwx9"]
    names = short_names(pods)
    assert names["web-v7x88dmd6h-lmwx9"].startswith("web-")


def test_ends_that_are_the_same_keep_their_hash() -> None:
    pods = ["checkout-tg9fhgmvgp-6nsr7", "checkout-v7x88dmd6h-6nsr7"]
    assert len(set(short_names(pods).values())) == 2


def test_containers_of_one_pod_are_named() -> None:
    assert short_names(["web-1/web", "web-1/side"]) == {"web-1/web": "1/web", "web-1/side": "1/side"}
