"""The instance column of a log tells its writers apart, however long their names are."""

from cockpit.ui.widgets.logtext import short_names


def test_pods_of_one_replica_set_stay_apart() -> None:
    pods = ["checkout-tg9fhgmvgp-6nsr7", "checkout-v7x88dmd6h-lmwx9", "checkout-v7x88dmd6h-r9jxq"]
    names = short_names(pods)
    assert len(set(names.values())) == len(pods)
    assert max(map(len, names.values())) <= 12
    assert all(name.endswith(pod[-5:]) for pod, name in names.items())


def test_containers_of_one_pod_are_named() -> None:
    assert short_names(["web-1/web", "web-1/side"]) == {"web-1/web": "1/web", "web-1/side": "1/side"}
