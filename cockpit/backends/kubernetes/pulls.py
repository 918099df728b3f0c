"""Why an image cannot be had, told so that the first words say it. Pure."""

import re

from cockpit.board.why import short_image

PULLS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable"})
"""Reasons of a container that waits for its image."""
PULL = "image pull: "
_CAUSES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)not found|manifest unknown|does not exist|name unknown"), "image not found"),
    (re.compile(r"(?i)denied|unauthorized|authentication|authorization|forbidden"), "image refused"),
    (re.compile(r"(?i)no such host|refused|time-?d? ?out|deadline|unreachable|tls|x509"), "image registry not reached"),
)
"""What is told of an image that cannot be had, by what the runtime says."""
_CALL = re.compile(r"^rpc error: code = \w+ desc = ")
_STATE = re.compile(r"^(?:ErrImagePull|ImagePullBackOff): ")


def pull_words(text: str, image: str) -> str:
    """Why an image cannot be had, the telling word first: "image not found: web:2.5.0 (registry.example.com/shop)".

    A runtime puts the cause last, behind what it was doing and the image's name, up to four times. text: may be only
    that it waits ("Back-off ..."), which stays so.
    """
    cause = _CALL.sub("", text.strip())
    for between in ('": ', ": "):
        _, found, said = cause.rpartition(f"{image}{between}")
        if image and found and said.strip():
            cause = said.strip()
    cause = _CALL.sub("", _STATE.sub("", cause))
    if not image or cause.startswith("Back-off"):
        return f"{PULL}{cause.replace(image, short_image(image)) if image else cause}"
    told = next((words for found, words in _CAUSES if found.search(cause)), "")
    place = image.rpartition("/")[0]
    whose = f"{short_image(image)} ({place})" if place else short_image(image)
    if not told:
        return f"{PULL}{cause}: {whose}"
    return f"{told}: {whose}" if told == _CAUSES[0][1] else f"{told}: {whose}: {cause}"
