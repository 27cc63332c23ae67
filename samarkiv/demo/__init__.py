"""The demo: eleven fictional members, real files made by a seeded generator, and every outcome there is."""
