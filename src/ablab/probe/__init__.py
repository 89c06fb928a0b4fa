"""What looks at a network or a machine and trains nothing for keeps."""
