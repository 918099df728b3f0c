"""Docker Engines: containers, Compose services, Swarm services. All traffic is HTTP on the engine's own loop."""
