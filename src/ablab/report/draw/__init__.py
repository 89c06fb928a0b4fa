"""Drawing: charts as SVG for pages, and as pictures of matplotlib for files and notebooks. Each draws every kind."""
