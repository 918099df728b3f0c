"""What makes the cluster move: one loop that calls a reconciler for whatever changed, and the reconcilers."""
