"""Revisions of a workload as what was changed, and when: by its image, else by what else differs. Pure.

A ReplicaSet or ControllerRevision is made when its template is rolled out first; one that is rolled out again (a
rollback) keeps that time, and only its number grows.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from cockpit.backends.kubernetes.wire_templates import Template, TemplateContainer
from cockpit.board import why
from cockpit.board.model import Change, ChangeKind, SafeText
from cockpit.board.text import safe

MOST = 10
"""Revisions of one workload that become changes: as many as a Deployment keeps by itself."""
_FIRST = ("limits", "requests")
Value = tuple[str, str]


class Shape(Struct, frozen=True):
    """What tells one template from another.

    images, amounts: by container ("web memory limit": "512Mi"); variables: by name, with a hash of the value, which may
    be a secret; restarted: when somebody had its pods made anew.
    """

    images: tuple[Value, ...] = ()
    amounts: tuple[Value, ...] = ()
    variables: tuple[tuple[str, int], ...] = ()
    restarted: str = ""


class Revision(Struct, frozen=True):
    """One revision. number: the highest is what is wanted now."""

    name: str
    number: int
    made_at: datetime
    shape: Shape


def shape_of(template: Template) -> Shape:
    """A template, reduced."""
    containers = [*(template.spec.containers or ()), *(template.spec.init_containers or ())]
    several = len(containers) > 1
    noted = template.metadata.annotations
    return Shape(
        images=tuple((one.name, one.image) for one in containers),
        amounts=tuple(value for one in containers for value in _amounts(one, several)),
        variables=tuple(
            (variable.name, hash((variable.value, variable.value_from)))
            for one in containers
            for variable in one.env or ()
        ),
        restarted=noted.restarted if noted else "",
    )


def _amounts(one: TemplateContainer, several: bool) -> Iterator[Value]:
    whose = f"{one.name} " if several else ""
    found = one.resources
    for word in _FIRST:
        for name, amount in (getattr(found, word, None) or {}).items():
            yield f"{whose}{name} {word.removesuffix('s')}", str(amount)


def configured_by(template: Template) -> tuple[tuple[str, str], ...]:
    """(plural of the kind, name) of every ConfigMap and Secret that pods of a template are given."""
    return tuple(sorted({(plural, name) for plural, name in _named(template) if name}))


def _named(template: Template) -> Iterator[tuple[str, str]]:
    maps, secrets = "configmaps", "secrets"
    for container in (*(template.spec.containers or ()), *(template.spec.init_containers or ())):
        for all_of in container.env_from or ():
            yield maps, all_of.config_map_ref.name if all_of.config_map_ref else ""
            yield secrets, all_of.secret_ref.name if all_of.secret_ref else ""
        for one in container.env or ():
            if (source := one.value_from) is not None:
                yield maps, source.config_map_key_ref.name if source.config_map_key_ref else ""
                yield secrets, source.secret_key_ref.name if source.secret_key_ref else ""
    for volume in template.spec.volumes or ():
        yield maps, volume.config_map.name if volume.config_map else ""
        yield secrets, volume.secret.secret_name if volume.secret else ""
        for part in (volume.projected.sources or ()) if volume.projected else ():
            yield maps, part.config_map.name if part.config_map else ""
            yield secrets, part.secret.name if part.secret else ""


def wanted(revisions: Collection[Revision]) -> Revision | None:
    """The revision that is wanted now."""
    return max(revisions, key=lambda one: one.number, default=None)


def is_again(revisions: Collection[Revision]) -> bool:
    """Whether what is wanted now was made before another revision: it was rolled out again, nobody says when."""
    now = wanted(revisions)
    return now is not None and any(one.made_at > now.made_at for one in revisions)


def changed_at(revisions: Collection[Revision], again: datetime | None) -> datetime | None:
    """When what is wanted now was rolled out last. again: when an earlier revision was, if that is known."""
    now = wanted(revisions)
    if now is None:
        return None
    newest = max(one.made_at for one in revisions)
    return max(newest, again) if again is not None and is_again(revisions) else newest


def changes(revisions: Collection[Revision], again: datetime | None) -> tuple[Change, ...]:
    """What each revision changed, as far as it is known when."""
    ordered = sorted(revisions, key=lambda one: one.number)[-MOST:]
    found = []
    for number, one in enumerate(ordered):
        before = _before(one, ordered)
        if number == len(ordered) - 1 and again is not None and is_again(revisions):
            last = ordered[number - 1]
            found.append(_change(last, one, again, "rollback"))
        else:
            found.append(_change(before, one, one.made_at, "rollout"))
    return tuple(sorted(found, key=lambda one: one.at))


def _before(one: Revision, ordered: Sequence[Revision]) -> Revision | None:
    """What ran before a revision was made: by its number, else (it was rolled out again since) by its age."""
    older = [other for other in ordered if other.made_at < one.made_at]
    named = next((other for other in older if other.number == one.number - 1), None)
    return named or max(older, key=lambda other: other.made_at, default=None)


def _change(old: Revision | None, new: Revision, at: datetime, word: str) -> Change:
    kind, words = difference(old.shape if old else None, new.shape, word)
    return Change(at, kind, words, new.name)


def difference(old: Shape | None, new: Shape, word: str) -> tuple[ChangeKind, SafeText]:
    """What differs between two templates, the most telling of it: image, resources, variables, a restart."""
    images = [
        (was, now) for (_, was), (_, now) in zip(old.images if old else (), new.images, strict=False) if was != now
    ]
    if old is None:
        return _told(word, why.short_image(new.images[0][1]) if new.images else "")
    if images or [name for name, _ in old.images] != [name for name, _ in new.images]:
        first = why.images(*images[0]) if images else "other containers"
        return _told(word, f"{first}, {len(images) - 1} more" if len(images) > 1 else first)
    if said := [*_differing(old.amounts, new.amounts), *_variables(old, new)]:
        return _told(f"{word}:", f"{said[0]}, {len(said) - 1} more" if len(said) > 1 else said[0])
    if old.restarted != new.restarted and new.restarted and word == "rollout":
        return ChangeKind.RESTART, SafeText("restart (rollout)")
    return _told(word, "of the same image")


def _told(word: str, said: str) -> tuple[ChangeKind, SafeText]:
    return ChangeKind.ROLLOUT, safe(f"{word} {said}".strip(), 200)


def _differing(old: Sequence[Value], new: Sequence[Value]) -> Iterator[str]:
    before, after = dict(old), dict(new)
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield f"{name} {before.get(name, 'none')} -> {after.get(name, 'none')}"


def _variables(old: Shape, new: Shape) -> Iterator[str]:
    """By name alone: a value may be a secret."""
    before, after = dict(old.variables), dict(new.variables)
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            what = "set" if name not in before else "removed" if name not in after else "changed"
            yield f"{name} {what}"
