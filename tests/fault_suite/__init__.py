"""The fault suite: what kills, full disks, damage and attacks do to ablab, counted. One file a kind in `kinds/`."""
