"""Why a change was not begun. str(error) is one line: what, why, what to do."""


class Refused(Exception):
    """The plan is not carried out: policy, permission, another change, or a source that is gone. Nothing was done."""


class TargetChanged(Refused):
    """What the plan was made for is no longer so. Nothing was done; the difference is in the text: plan again."""


class SecondPersonMissing(Refused):
    """Another login has to approve it first. Nothing was done."""
