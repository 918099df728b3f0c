"""What the API answers: discovery, reads, watches, writes and the subresources."""
