"""The demo: a small shop platform of real processes on this machine, with faults to inject and mend.

`launch` starts the demo host (a child process that owns everything), `client` speaks to it, `shape` and `faults` say
what runs and what may break. Only the standard library is loaded in the host and its services.
"""
