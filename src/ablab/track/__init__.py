"""Trackers: what is told of a training while it goes on, to whoever looks from outside its process."""
