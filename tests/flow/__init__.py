"""The one story of a delivery, told to an address: embedded and distributed alike."""
