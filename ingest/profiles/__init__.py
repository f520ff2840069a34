"""Device profiles: what a sensor model's LoRaWAN messages mean, one TOML file a model."""
