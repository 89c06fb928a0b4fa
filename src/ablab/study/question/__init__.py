"""What a study asks: its base, variants and rule, and the text of its file."""
