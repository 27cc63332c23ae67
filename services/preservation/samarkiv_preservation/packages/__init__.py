"""Packages (AIP) as bytes: container, METS, PREMIS, EAD3, OCFL. Streaming, by template, flat in memory."""
