"""What a reader of a cluster may ask for: nothing that changes it, and access reviews, which are asked by POST."""

import re

_READS = frozenset({"GET", "HEAD"})
_REVIEW = re.compile(r"/apis/authorization\.k8s\.io/v1/self(?:subjectaccess|subjectrules)reviews")
_UPGRADES = re.compile(r"/(?:pods|services|nodes)/[^/]+/(?:exec|attach|portforward|proxy)(?:/|$)")


def refusal(method: str, path: str) -> str:
    """Why this request is refused; empty when it is not."""
    if method in _READS and not _UPGRADES.search(path):
        return ""
    if method == "POST" and _REVIEW.search(path):
        return ""
    return f"{method} {path} is refused: what observes a cluster may not change it"
