"""Parts for ablab that come with an installed distribution; its pyproject.toml names them."""
