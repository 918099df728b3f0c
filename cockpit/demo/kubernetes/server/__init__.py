"""HTTP on loopback: requests in, replies, streams and upgraded connections out."""
