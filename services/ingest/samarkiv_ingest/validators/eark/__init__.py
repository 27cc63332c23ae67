"""E-ARK packages: CSIP and SIP 2.0.4, 2.1.0 and 2.2.0 under their official IDs and levels."""
