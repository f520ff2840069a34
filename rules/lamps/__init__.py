"""Street lights: dark, burning, degraded; one lamp, a segment or a circuit."""
