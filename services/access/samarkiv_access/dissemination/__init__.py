"""What leaves the archive: streamed ZIPs, bags, DIPs and the current AIP folder."""
