"""What search does: index a package, note the registry, rebuild, find."""
