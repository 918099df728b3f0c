"""Pods as they are made: as much of a template as tells one revision from another, and what configures it."""

from collections.abc import Mapping

from msgspec import Struct, field

from cockpit.backends.kubernetes.wire import LabelledMeta, Wire


class TemplateAnnotations(Struct, frozen=True, gc=False):
    """What `kubectl rollout restart` writes, to have another template."""

    restarted: str = field(name="kubectl.kubernetes.io/restartedAt", default="")


class TemplateMeta(Wire, frozen=True, gc=False):
    """Labels of the pods that are made, and whether somebody had them made anew."""

    labels: Mapping[str, str] | None = None
    annotations: TemplateAnnotations | None = None


class Named(Wire, frozen=True, gc=False):
    """A ConfigMap or Secret by its name."""

    name: str = ""


class ValueFrom(Wire, frozen=True, gc=False):
    """Where a variable has its value from."""

    config_map_key_ref: Named | None = None
    secret_key_ref: Named | None = None


class Variable(Wire, frozen=True, gc=False):
    """One variable of the environment."""

    name: str = ""
    value: str = ""
    value_from: ValueFrom | None = None


class Variables(Wire, frozen=True, gc=False):
    """Variables that come all together."""

    config_map_ref: Named | None = None
    secret_ref: Named | None = None


class Amounts(Wire, frozen=True, gc=False):
    """Resources by name: "500m", "512Mi"."""

    limits: Mapping[str, str | int | float] | None = None
    requests: Mapping[str, str | int | float] | None = None


class TemplateContainer(Wire, frozen=True, gc=False):
    """A container of the pods that are made."""

    name: str = ""
    image: str = ""
    env: list[Variable] | None = None
    env_from: list[Variables] | None = None
    resources: Amounts | None = None


class SecretVolume(Wire, frozen=True, gc=False):
    """A Secret that is mounted."""

    secret_name: str = ""


class Projection(Wire, frozen=True, gc=False):
    """One source of a volume that has several."""

    config_map: Named | None = None
    secret: Named | None = None


class Projected(Wire, frozen=True, gc=False):
    """A volume with several sources."""

    sources: list[Projection] | None = None


class Volume(Wire, frozen=True, gc=False):
    """What is mounted, where it configures."""

    config_map: Named | None = None
    secret: SecretVolume | None = None
    projected: Projected | None = None


class TemplateSpec(Wire, frozen=True, gc=False):
    """What the pods are made of."""

    containers: list[TemplateContainer] | None = None
    init_containers: list[TemplateContainer] | None = None
    volumes: list[Volume] | None = None


class Template(Wire, frozen=True, gc=False):
    """Pods as they are made."""

    metadata: TemplateMeta = TemplateMeta()
    spec: TemplateSpec = TemplateSpec()


class RevisionSpec(Wire, frozen=True, gc=False):
    """The part of its owner that a revision keeps."""

    template: Template = Template()


class RevisionData(Wire, frozen=True, gc=False):
    """What a revision keeps."""

    spec: RevisionSpec = RevisionSpec()


class Revised(Wire, frozen=True, kw_only=True, gc=False):
    """One of apps/v1 controllerrevisions: a template that a StatefulSet or DaemonSet had."""

    metadata: LabelledMeta = LabelledMeta()
    data: RevisionData = RevisionData()
    revision: int = 0
