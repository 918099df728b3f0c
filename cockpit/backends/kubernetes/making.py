"""Why a pod cannot be made, told so that the first words say it. Pure."""

import re

_BEFORE = re.compile(
    r"(?:Error creating: |create Pod \S{1,253} in StatefulSet \S{1,253} failed error: )?"
    r'(?:pods "[^"]{0,253}" is forbidden: )?'
)


def refused_words(text: str) -> str:
    """What the API server said when a controller wanted a pod, its cause first: "exceeded quota: small, requested: ..".

    Before it stand what was tried and the name that the pod would have had: they fill the room that a row has.
    """
    said = text.strip()
    tried = _BEFORE.match(said)
    return said[tried.end() :] if tried else said
