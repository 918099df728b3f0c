"""The kubelet and the scheduler: they move pods through their states, as a table of behaviours says."""
