"""The dashboard: a small server for one person on this machine, which shows the store and what is running."""
