"""The one door through which a watched system is changed: plan, guard, run, verify."""
