"""The runtime branch of migrations, and the environment all branches share."""
