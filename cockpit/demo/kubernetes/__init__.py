"""A Kubernetes API on loopback: the platform of `cockpit demo --kubernetes` and the part that tests run against.

`server` speaks HTTP, `api` answers each kind of request, `cluster` holds the objects and what moves them: controllers
and a kubelet whose images behave as a table says. Nothing runs for real: no container, no network beyond the socket.
"""
