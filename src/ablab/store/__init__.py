"""The store: runs that were made, kept so that nothing is lost and nothing changes unseen."""

from ablab.store.store import Store, opened, place

__all__ = ["Store", "opened", "place"]
