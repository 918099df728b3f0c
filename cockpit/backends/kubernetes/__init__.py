"""One Kubernetes cluster: connect, observe, logs, describe. Everything here reads; nothing changes the cluster."""
