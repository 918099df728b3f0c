"""The demo host: one process in its own session that owns the services, their folder and the socket to both.

It runs one thread and no asyncio, because it forks: a child must never inherit another thread's lock or a live loop.
"""
